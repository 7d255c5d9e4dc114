"""Everything that the bot asks of Kubernetes, asked of the embedded cluster and of a real one: they must agree.

The real one is right. A test asks `both` the same and compares the answers, without what is another each time.
"""
