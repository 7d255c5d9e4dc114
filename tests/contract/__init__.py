"""Everything that the bot asks of Kubernetes, asked of the embedded cluster and of a real one: they must agree.

The real one is right. A test that takes `both` asks the two of them and compares the answers; one that takes `side`
runs on each, and what it says was true of the real one.
"""
