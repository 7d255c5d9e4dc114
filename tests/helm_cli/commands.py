"""The `helm` command as a person at a shell has it, and the release that it shares with us."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.access import ClusterAccess
from bot.helm.charts import ChartArchive, FolderChart, fetch
from bot.helm.releases import Location
from tests.control_plane.building import found

CHART = Path(__file__).parent / "chart"
RELEASE = "shared"


@dataclass(frozen=True)
class Place:
    """A namespace of a real cluster, where one release is made by both."""

    kubeconfig: Path
    namespace: str

    @property
    def at(self) -> Location:
        return Location(ClusterAccess(self.kubeconfig), self.namespace, RELEASE)

    async def helm(self, *words: str) -> str:
        """What the command prints; a failure is one of the test."""
        return await self._ran("helm", *words)

    async def kubectl(self, *words: str) -> str:
        """The same of kubectl."""
        return await self._ran("kubectl", *words)

    async def _ran(self, name: str, *words: str) -> str:
        place = ("--kubeconfig", str(self.kubeconfig), "--namespace", self.namespace)
        process = await asyncio.create_subprocess_exec(
            str(found()[name]),
            *words,
            *place,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        assert process.returncode == 0, f"{name} {' '.join(words)}: {err.decode()}"
        return out.decode()

    async def history(self) -> list[tuple[int, str, str]]:
        """As the command shows it: revision, status, description."""
        shown = json.loads(await self.helm("history", RELEASE, "--output", "json"))
        return [(each["revision"], each["status"], each["description"]) for each in shown]

    async def records(self) -> list[dict[str, Any]]:
        """The release's Secrets, oldest first, each with what is packed in it as `release`."""
        answer = json.loads(await self.kubectl("get", "secrets", "-l", "owner=helm", "-o", "json"))
        secrets = sorted(answer["items"], key=revision_of)
        return [secret | {"release": unpacked(secret)} for secret in secrets]

    async def managers(self, kind: str, name: str) -> set[tuple[str, str]]:
        """Who wrote the object's fields and how; the status left out, which controllers write."""
        words = ("get", kind, name, "-o", "json", "--show-managed-fields")
        fields = json.loads(await self.kubectl(*words))["metadata"]["managedFields"]
        return {(each["manager"], each["operation"]) for each in fields if "subresource" not in each}

    async def value(self, key: str) -> str:
        """A key of the release's ConfigMap."""
        return await self.kubectl("get", "configmap", RELEASE, "-o", f"jsonpath={{.data.{key}}}")

    async def left(self) -> list[str]:
        """What the release has in the cluster, its records included."""
        kinds = "configmaps,deployments,services,secrets"
        names = await self.kubectl("get", kinds, "-o", "name")
        return [name for name in names.split() if not name.endswith("/kube-root-ca.crt")]


async def chart() -> ChartArchive:
    return await fetch(FolderChart(CHART))


def revision_of(secret: dict[str, Any]) -> int:
    return int(secret["metadata"]["labels"]["version"])


def unpacked(secret: dict[str, Any]) -> dict[str, Any]:
    packed = base64.b64decode(base64.b64decode(secret["data"]["release"]))
    record: dict[str, Any] = json.loads(gzip.decompress(packed))
    return record


def packed(record: dict[str, Any]) -> str:
    content = gzip.compress(json.dumps(record).encode())
    return base64.b64encode(base64.b64encode(content)).decode()
