"""Break whatever a run stands on, at every step it takes, and look whether anything was lost or is said falsely.

steps       the system calls by which the program acts on the world; die at the n-th
power       what a disk holds when the power goes: only what was synced
launcher    the program in processes of its own, killed where, or signalled when, an order says
story       an apply with every kind of change, and what must be true of it after any fault
hardships   what a machine may be like: no rights, no locks, a clock that jumps
between     a TCP proxy that does what a bad network does
kills       one kill after the other, each followed by runs that may be killed again
writers     processes that race for one state
traces      what a run did, as the events that the explorer's worlds are told in
replay      all runs of a story, told to the explorer's predicates
tally       fault, times tried, lost, false, recovered
widely      all of it over a thousand times (`make faults`), and the table
"""
