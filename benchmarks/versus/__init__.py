"""The same work by what a user would take instead: a `requests` loop, Ansible, octoDNS, Terraform.

`rivals/` holds what such a user would write, for that user to read. Around it, each module does one thing: `work` says
what is to be done, `tools` who does it and how it is laid out, `serving` runs the sandbox and looks into it, `launch`
measures one command from a small process of its own, `measuring` runs all of them, interleaved. `results` is the
document in between; `page` and `chart` show it. What the program costs by itself is measured elsewhere.
"""
