"""A real Kubernetes control plane for the tests: built from source once, started on free ports, shared by a run.

No containers run on it: nodes are played. `python -m tests.control_plane build` builds what it consists of,
`python -m tests.control_plane start` keeps one running for trying things by hand.
"""
