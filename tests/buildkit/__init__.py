"""A real BuildKit daemon for the tests: built from source once, started by each worker that builds with it.

`python -m tests.buildkit build` builds the daemon and its client.
"""
