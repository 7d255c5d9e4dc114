"""Ways in which an API server misbehaves, for `KubernetesServer.meets`; each is a fault of real ones."""

import asyncio
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web

from bot.sandbox.kubernetes.cluster import Meets
from bot.sandbox.kubernetes.errors import ApiError, gone, internal
from bot.sandbox.kubernetes.requests import flag
from bot.sandbox.kubernetes.serving import answered


def refused(error: ApiError) -> web.Response:
    """The refusal as a client sees it."""
    return answered(error.status, error.code)


def failing_while_helm_writes(times: int = 3) -> Meets:
    """Once Helm has made its record of a new revision, etcd changes its leader: the next requests fail."""
    state = {"begun": False, "left": times}

    async def meets(request: web.Request) -> web.StreamResponse | None:
        if state["begun"] and state["left"]:
            state["left"] -= 1
            return refused(internal("etcdserver: leader changed"))
        writes = request.method == "POST" and "dryRun" not in request.query
        state["begun"] |= writes and request.path.endswith("/secrets")
        return None

    return meets


def slow(seconds: float) -> Meets:
    """Every answer takes its time."""

    async def meets(_request: web.Request) -> web.StreamResponse | None:
        await asyncio.sleep(seconds)
        return None

    return meets


async def without_watches(request: web.Request) -> web.StreamResponse | None:
    """No watch goes on from where a list ended: 410, as from a server whose etcd is compacted all the time."""
    return refused(gone("too old resource version")) if flag(request, "watch") else None


class Tokens:
    """Tokens that end: the server takes the newest alone, which is in a file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._taken = ""
        self.replace("first")

    def named_in(self, kubeconfig: str) -> str:
        """The kubeconfig with the file in place of its token."""
        content: dict[str, Any] = yaml.safe_load(kubeconfig)
        for each in content["users"]:
            each["user"] = {"tokenFile": str(self._file)}
        return yaml.safe_dump(content)

    def end(self) -> None:
        """The token in the file is taken no more."""
        self._taken = "none yet"

    def replace(self, token: str) -> None:
        """There is another one, in the file and at the server."""
        self._file.write_text(token, encoding="utf-8")
        self._taken = token

    async def meets(self, request: web.Request) -> web.StreamResponse | None:
        """For `KubernetesServer.meets`; Go's client library, and so Helm, sends no token over plain HTTP."""
        if request.headers.get("Authorization") in (None, f"Bearer {self._taken}"):
            return None
        return refused(ApiError(401, "Unauthorized", "Unauthorized"))
