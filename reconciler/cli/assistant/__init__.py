"""What an assistant may call: the tools (`read_only_tools`), and how they are served by the MCP library (`mcp_server`).

Nothing here can write: neither to the API nor to the state, the manifest or another file.
"""
