"""An API that is not the API server's own: it asks another server for it, here the embedded cluster of the world."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.images.git_server import certified
from tests.modes.relays import tls_front
from tests.real_worlds import RealWorld, apply, kubectl

GROUP = "aggregated.shapes.pilothouse.test"
DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": f"gadgets.{GROUP}"},
    "spec": {
        "group": GROUP,
        "names": {"kind": "Gadget", "plural": "gadgets", "singular": "gadget", "listKind": "GadgetList"},
        "scope": "Namespaced",
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "spec": {"type": "object", "properties": {"size": {"type": "integer"}}}
                        },
                    }
                },
            }
        ],
    },
}


@asynccontextmanager
async def aggregated(world: RealWorld, app: str, folder: Path) -> AsyncIterator[None]:
    """Let the real cluster serve gadgets in the app's namespace while the block runs."""
    namespace, behind = world.namespace(app), world.sandbox.kubeconfig
    await apply(
        behind, DEFINITION, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    )
    async with tls_front(certified(folder), urlsplit(world.cluster.url).netloc) as front:
        service, registered = _announced(namespace, int(front.rpartition(":")[2]))
        await apply(world.kubeconfig, service, registered)
        name = f"apiservice/{registered['metadata']['name']}"
        try:
            await kubectl(world.kubeconfig, "wait", "--for=condition=Available", name, "--timeout=300s")
            yield
        finally:
            await kubectl(world.kubeconfig, "delete", name)


def _announced(namespace: str, port: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """The Service by which the server is found (a name of this machine), and what it serves."""
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "gadgets", "namespace": namespace},
        "spec": {"type": "ExternalName", "externalName": "localhost", "ports": [{"port": port}]},
    }
    registered = {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": f"v1.{GROUP}"},
        "spec": {
            "group": GROUP,
            "version": "v1",
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
            "insecureSkipTLSVerify": True,
            "service": {"name": "gadgets", "namespace": namespace, "port": port},
        },
    }
    return service, registered
