"""What git hosts tell of pushes: whether a call is theirs, and what was pushed. Pure: no I/O, no clock of its own.

Each host is a module with the same few questions; `hosts` has them by the names that the configuration uses.
"""
