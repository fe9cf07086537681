"""One view of what a command planned, did or found, which every renderer lays out in its own syntax.

    view                              what a view is made of: environments, and in them entries, one a list
    kinds                             the kinds of entries, in the order in which they are read
    of_plan, of_result, of_drift      a plan, a result, a drift report → a `View`
    of_comparison                     a comparison of two environments → a `View`
    headlines                         what a view comes to, in plain words

All decisions are made here: what kind an entry is, which come first, what is said of each, and what to do next.
Nothing here is escaped.
"""
