"""Changes of a manifest that keep every other byte: import, accept and promote write into it here.

Text is spliced in where the parser says a value stands. What may be written is said by the rules of the package above;
which lists are looked at, and the writing of files, is up to the command.
"""
