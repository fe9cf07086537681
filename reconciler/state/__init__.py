"""The last-applied state of each environment: its document, its journal, and the lock that lets one writer in.

What is recorded here is decided elsewhere; nothing here knows the API or the manifest.
"""
