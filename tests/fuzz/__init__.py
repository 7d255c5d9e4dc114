"""What reads the words of others, fed with made-up and damaged ones: understood, or refused as its docstring says.

`python -m tests.fuzz` (`make fuzz`) goes on for ten minutes, with other examples in each round; the tests themselves
try the same few each time. What is found becomes a plain test beside those of the module at fault.
"""
