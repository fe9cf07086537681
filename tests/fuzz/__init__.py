"""Arguments and files that cannot be meant: nothing ends in a traceback, without an end, or in too many words.

odd         values, documents and files as nobody would write them on purpose
program     the program, run within this process, and what must be true of any run
"""
