"""Changes of a manifest that keep every other byte: import, accept and promote write into it here.

Text is spliced in at the offsets that the YAML parser gives. What may be written is checked by the rules of the package
above. The commands choose the lists and write the files.
"""
