"""Changing objects of a cluster, and asking what a change would come to.

A dry run goes through everything that the change itself would, admission included, and nothing of it is kept
(Kubernetes' reference, "Dry-run").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from bot.cluster.answers import parsed
from bot.cluster.asking import Asking
from bot.cluster.connection import JSON
from bot.cluster.discovery import Ref
from bot.cluster.errors import ClusterRefused

MANAGER = "pilothouse"
"""Whose fields our changes are, for whoever asks why an object is as it is."""

Way: TypeAlias = Literal["apply", "strategic", "merge", "create"]
"""How an object is sent: by server-side apply, as one of two kinds of patch of what is there, or as a new one."""

_CONTENT: Mapping[Way, str] = {
    "apply": "application/apply-patch+yaml",  # JSON is YAML
    "strategic": "application/strategic-merge-patch+json",
    "merge": "application/merge-patch+json",
    "create": JSON,
}


@dataclass(frozen=True, slots=True)
class Tried:
    """What a change would come to."""

    object: dict[str, Any]
    warnings: tuple[str, ...] = ()
    """What the server says beside its yes, in its own words."""


class Writing(Asking):
    """The calls that change something, or try to."""

    async def create(
        self, api_version: str, kind: str, namespace: str | None, body: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Create an object and return it as the server keeps it.

        Raises: ClusterConflict when it exists already.
        """
        resource = await self.resource(api_version, kind)
        created: dict[str, Any] = await self._json("POST", resource.path(namespace), body=dict(body))
        return created

    async def patch(
        self,
        ref: Ref,
        body: Mapping[str, Any],
        *,
        subresource: str | None = None,
        strategic: bool = False,
        manager: str = MANAGER,
    ) -> dict[str, Any]:
        """Merge `body` into the object (null removes a field); `strategic` merges lists by their keys.

        `manager` is whose fields they are then.
        Raises: ClusterConflict when `body` names a resourceVersion that is no longer current.
        """
        content = _CONTENT["strategic" if strategic else "merge"]
        path = await self._path(ref, subresource)
        patched: dict[str, Any] = await self._json(
            "PATCH", path, query={"fieldManager": manager}, body=dict(body), content_type=content
        )
        return patched

    async def dry_run(
        self,
        ref: Ref,
        body: Mapping[str, Any],
        way: Way,
        *,
        manager: str,
        force: bool = False,
        timeout: float = 10.0,
    ) -> Tried:
        """What sending `body` as `manager` would come to; nothing is kept.

        `force` takes over what other managers own, where it is applied. Unknown fields are refused then, as Helm's
        own apply has them refused, and are warnings otherwise.
        Raises: ClusterConflict with a cause for each field that another manager owns; ClusterRefused.
        """
        query = {"fieldManager": manager, "dryRun": "All"}
        if way == "apply":
            query |= {"fieldValidation": "Strict", "force": "true" if force else "false"}
        if way == "create":
            resource = await self.resource(ref.api_version, ref.kind)
            method, path = "POST", resource.path(ref.namespace)
        else:
            method, path = "PATCH", await self._path(ref)
        answer = await self._answered(
            method, path, query=query, body=dict(body), content_type=_CONTENT[way], timeout=timeout
        )
        return Tried(await parsed(answer.body), answer.warnings)

    async def delete(self, ref: Ref, *, grace: int | None = None, uid: str | None = None) -> bool:
        """Delete an object and, in the background, what it owns; False where there was none.

        `grace` in seconds (None: the object's own); with `uid` only that very object.
        """
        options: dict[str, Any] = {"propagationPolicy": "Background"}
        if grace is not None:
            options["gracePeriodSeconds"] = grace
        if uid is not None:
            options["preconditions"] = {"uid": uid}
        try:
            await self._json("DELETE", await self._path(ref), body=options)
        except ClusterRefused as error:
            if error.code == 404:
                return False
            raise
        return True
