"""kubectl on the control plane whose nodes are played, in a namespace of the test's own."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.control_plane.running import ControlPlane

Object = dict[str, Any]

LONGEST = "300s"
"""For a machine with more to do."""


class Kubectl:
    """The command, as an administrator in one namespace."""

    def __init__(self, program: Path, kubeconfig: Path, namespace: str) -> None:
        self._command = (str(program), "--kubeconfig", str(kubeconfig), "--namespace", namespace)
        self.namespace = namespace

    async def __call__(self, *words: str, given: str = "", code: int = 0) -> str:
        """What it answers to these words, with `given` as its input; it is to end with `code`."""
        process = await asyncio.create_subprocess_exec(
            *self._command,
            *words,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await process.communicate(given.encode())
        assert process.returncode == code, out.decode()
        return out.decode()

    async def apply(self, kind: str, name: str, spec: Object, version: str = "v1") -> None:
        """Create the object."""
        made = {"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": spec}
        await self("apply", "--filename", "-", given=json.dumps(made))

    async def until(self, what: str, path: str, value: str = "") -> None:
        """Wait until the field at that JSON path is that value (or is there at all)."""
        wanted = f"--for=jsonpath={{{path}}}{f'={value}' if value else ''}"
        await self("wait", wanted, what, f"--timeout={LONGEST}")

    async def get(self, what: str, *more: str) -> Any:
        """The object, or the items of a list."""
        found = json.loads(await self("get", what, *more, "--output", "json"))
        return found["items"] if found["kind"] == "List" else found


@pytest.fixture
def kubectl(control_plane: ControlPlane, real_namespace: str) -> Kubectl:
    """The command, in a new namespace."""
    return Kubectl(control_plane.programs["kubectl"], control_plane.kubeconfig, real_namespace)


def template(
    image: str, *, labels: Mapping[str, str] | None = None, app: Object | None = None, **spec: Any
) -> Object:
    """A pod's template with one container `app`; `app` adds to the container, `spec` to the pod's."""
    container = {"name": "app", "image": image, **(app or {})}
    return {
        "metadata": {"labels": dict(labels or {"app": "it"})},
        "spec": {"containers": [container], **spec},
    }


def workload(image: str, **more: Any) -> Object:
    """The spec of a workload whose pods are selected by their label."""
    replicas = {"replicas": more.pop("replicas")} if "replicas" in more else {}
    return {**replicas, "selector": {"matchLabels": {"app": "it"}}, "template": template(image, **more)}
