"""Nodes without machines, for a real Kubernetes API server: pods on them live as the embedded cluster's do.

A control plane alone (an API server with its controllers and scheduler) has nobody who runs pods. Here the
embedded cluster's kubelet does, from a mirror of the API server, and what it writes goes back there:

    async with PlayedNodes(Path("kubeconfig"), behaviour=behaviour_by_tag):
        ...  # Deployments become ready, Jobs end, `kubectl logs` answers

Or as a process: `python -m bot.sandbox.nodes --kubeconfig FILE`.
"""

from bot.sandbox.nodes.playing import PlayedNodes

__all__ = ["PlayedNodes"]
