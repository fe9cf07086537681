"""What people read in a terminal or a log: plans, results, drift reports and progress, plain or with colour.

    lines      a view, and one outcome in a line        checkups   what `doctor` found
    field_lines  one field of a list                    layout     columns, indents, wrapped prose

A document ends with a line break, a line does not. No line ends in white space.
"""
