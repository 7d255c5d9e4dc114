"""Helm as the rest of the bot sees it: coroutines over plain values, errors of `errors` and nothing else.

Two pools of workers: rendering reads no cluster and is cut short early; release actions hold a worker for as
long as Helm blocks in a chart's hooks. One writer per release is the caller's lock to hold: concurrent
writes corrupt a release's history.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Self

from bot.access import ClusterAccess, Identity
from bot.helm.charts import ChartArchive
from bot.helm.diagnosing import diagnose
from bot.helm.errors import (
    ClusterUnreachable,
    HelmError,
    OutcomeUnknown,
    ReleaseBusy,
    ReleaseMissing,
    ValuesInvalid,
    WorkerLost,
)
from bot.helm.frames import FrameError
from bot.helm.releases import Location, ReleaseRecord, Revision
from bot.helm.rendering import LintMessage, Rendered
from bot.helm.requests import asking, plain_access, plain_identity, whole
from bot.helm.workers import REST, Failed, Pool, WorkerDied

MIB = 1 << 20

_READ_TIMEOUT = 30.0
"""Seconds for a read of a cluster, several round trips included."""
_MARGIN = 30.0
"""Seconds beyond Helm's own time-out after which a write's worker is killed: the time-out covers waiting for a
hook, not the calls before and after, and never ends one that the API server does not answer."""
_READERS = 4
"""Workers for reads of clusters beside the writers', so that a history is shown while upgrades block."""

_LONGEST_WORDS = 4000
"""Characters of an error: a template that includes itself is reported a thousand times over."""


def _as_it_is(text: str) -> str:
    return text


class Helm:
    """Renders charts and acts on releases; an async context manager that owns its worker processes.

    `renderers` and `writers` limit the processes of each kind, `memory` is each one's RLIMIT_DATA in bytes,
    `rest` the seconds without a call after which they end, `mask` hides secrets in errors and in what
    workers print. `as_` is the identity to impersonate; None is the bot's own rights. Every call raises errors
    of `bot.helm.errors` only; a cancelled caller kills its worker, and after a write it should ask `history`
    what became of it.
    """

    def __init__(
        self,
        *,
        renderers: int = 2,
        writers: int = 8,
        memory: int = 700 * MIB,
        mask: Callable[[str], str] = _as_it_is,
        python: str = sys.executable,
        rest: float = REST,
    ) -> None:
        self._mask = mask
        how: dict[str, Any] = {"memory": memory, "mask": mask, "python": python, "rest": rest}
        self._rendering = Pool(renderers, idle=renderers, **how)
        self._acting = Pool(writers + _READERS, idle=2, **how)
        self._writing = asyncio.Semaphore(writers)
        self._owned = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._owned.enter_async_context(self._rendering)
        await self._owned.enter_async_context(self._acting)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._owned.aclose()

    async def render(
        self,
        archive: ChartArchive,
        values: Mapping[str, Any],
        *,
        release: str,
        namespace: str,
        revision: int = 1,
        is_upgrade: bool = False,
        kube_version: str,
        api_versions: Sequence[str],
        at: Location | None = None,
        as_: Identity | None = None,
        timeout: float = 20,
    ) -> Rendered:
        """Render offline; with `at` (the same release) `lookup` finds there what `as_` may read. No name is resolved.

        `kube_version` ("v1.30.2") and `api_versions` ("apps/v1", "example.org/v1/Thing") are the cluster's.
        Helm's offline renderer adds the latter to those that its own client library knows, removed ones such
        as policy/v1beta1 included, and the SDK offers no way to take them out.

        Raises: ChartInvalid (file, line), ValuesInvalid (schema), WorkerLost (memory or time); with `at` also
        ClusterRefused, ClusterUnreachable.
        """
        request = {
            "do": "render",
            "values": values,
            "release": release,
            "namespace": namespace,
            "revision": revision,
            "is_install": not is_upgrade,
            "is_upgrade": is_upgrade,
            "kube_version": kube_version,
            "api_versions": list(api_versions),
        }
        request |= asking("render_there", at, as_) if at is not None else {}
        return Rendered.of(await self._of_chart(request, archive, timeout))

    async def merged_values(
        self, archive: ChartArchive, values: Mapping[str, Any], *, timeout: float = 20
    ) -> dict[str, Any]:
        """The chart's defaults with `values` over them, as templates see them.

        Raises: ChartInvalid, ValuesInvalid, WorkerLost.
        """
        merged: dict[str, Any] = await self._of_chart({"do": "merge", "values": values}, archive, timeout)
        return merged

    async def lint(
        self,
        archive: ChartArchive,
        values: Mapping[str, Any],
        *,
        namespace: str,
        kube_version: str,
        timeout: float = 30,
    ) -> list[LintMessage]:
        """What `helm lint` says of the chart with these values; problems are data, not errors.

        Raises: ChartInvalid when it cannot be unpacked, WorkerLost.
        """
        with tempfile.TemporaryDirectory(prefix="pilothouse-lint-") as folder:
            request = {
                "do": "lint",
                "values": values,
                "namespace": namespace,
                "kube_version": kube_version,
                "folder": folder,
            }
            report = await self._of_chart(request, archive, timeout)
        return [LintMessage.of(message) for message in report["messages"] or ()]

    async def history(
        self,
        at: Location,
        as_: Identity | None = None,
        *,
        brief: bool = False,
        timeout: float = _READ_TIMEOUT,
    ) -> list[Revision]:
        """All revisions that Helm keeps, newest last; [] when there is no release.

        `brief` leaves the descriptions out, which saves two round trips a revision.

        Raises: ClusterUnreachable, ClusterRefused.
        """
        records = await self._read(asking("history", at, as_, brief=brief), timeout)
        return sorted((Revision.of(record) for record in records), key=lambda revision: revision.number)

    async def get(
        self,
        at: Location,
        revision: int | None = None,
        as_: Identity | None = None,
        *,
        timeout: float = _READ_TIMEOUT,
    ) -> ReleaseRecord:
        """One revision with manifest, hooks and values; the newest unless `revision` is given.

        Raises: ReleaseMissing, ClusterUnreachable, ClusterRefused.
        """
        try:
            record = await self._read(asking("get", at, as_, revision=revision), timeout)
        except ReleaseMissing as missing:
            raise _missing(at) from missing
        return ReleaseRecord.of(record)

    async def list(
        self,
        access: ClusterAccess,
        namespace: str | None = None,
        as_: Identity | None = None,
        *,
        timeout: float = _READ_TIMEOUT,
    ) -> list[Revision]:
        """The newest revision of every release in `namespace`, of any status; None means all namespaces.

        Raises: ClusterUnreachable, ClusterRefused.
        """
        request = {
            "do": "list",
            "access": plain_access(access),
            "as": plain_identity(as_),
            "namespace": namespace or "default",
            "all_namespaces": namespace is None,
        }
        return [Revision.of({"summary": summary}) for summary in await self._read(request, timeout)]

    async def upgrade(
        self,
        at: Location,
        archive: ChartArchive,
        values: Mapping[str, Any],
        *,
        as_: Identity | None = None,
        install: bool = True,
        timeout: float,
        history_max: int = 10,
        labels: Mapping[str, str] | None = None,
        description: str | None = None,
        force_conflicts: bool = False,
        take_ownership: bool = False,
        create_namespace: bool = False,
    ) -> Revision:
        """Upgrade the release, or install it where it is missing and `install` is set.

        Returns when its objects are applied and its hooks have ended; workloads are not waited for. A hook
        may take `timeout` seconds, and all of it half a minute more: then the worker is killed. `values`
        replace those of earlier revisions. `history_max` counts for upgrades, `create_namespace` for
        installs.

        Raises: ReleaseBusy, ReleaseMissing (not `install`), ChartInvalid, ValuesInvalid, ClusterRefused,
        ForeignObject, FieldConflict, HookFailed, ClusterUnreachable, OutcomeUnknown.
        """
        request = asking(
            "upgrade",
            at,
            as_,
            values=values,
            install=install,
            timeout_seconds=whole(timeout),
            max_history=history_max,
            labels=dict(labels) if labels else None,
            description=description,
            force_conflicts=force_conflicts,
            take_ownership=take_ownership,
            create_namespace=create_namespace,
        )
        return Revision.of(await self._write(request, at, as_, timeout, archive.data))

    async def rollback(
        self,
        at: Location,
        revision: int,
        *,
        as_: Identity | None = None,
        timeout: float,
        history_max: int = 10,
        force_conflicts: bool = False,
    ) -> Revision:
        """Make a new revision of what `revision` was. It also frees a release that is `pending-*`.

        `force_conflicts` only where that revision was applied by the server: Helm fails otherwise, with the new
        revision made already.

        Raises: ReleaseMissing, ClusterRefused, FieldConflict, HookFailed, ClusterUnreachable, OutcomeUnknown.
        """
        request = asking(
            "rollback",
            at,
            as_,
            revision=revision,
            timeout_seconds=whole(timeout),
            max_history=history_max,
            force_conflicts=force_conflicts,
        )
        return Revision.of(await self._write(request, at, as_, timeout))

    async def uninstall(
        self, at: Location, *, as_: Identity | None = None, keep_history: bool = False, timeout: float
    ) -> str:
        """Remove the release's objects; returns Helm's words on what it kept (often empty).

        Raises: ReleaseMissing, ClusterRefused, HookFailed, ClusterUnreachable, OutcomeUnknown.
        """
        request = asking("uninstall", at, as_, keep_history=keep_history, timeout_seconds=whole(timeout))
        return str(await self._write(request, at, as_, timeout))

    async def test(self, at: Location, *, as_: Identity | None = None, timeout: float) -> str:
        """Run the chart's test hooks; returns their logs.

        Raises: HookFailed with the failing test's name, ReleaseMissing, ClusterUnreachable, OutcomeUnknown.
        """
        request = asking("test", at, as_, timeout_seconds=whole(timeout))
        return str(await self._write(request, at, as_, timeout))

    async def _of_chart(self, request: dict[str, Any], archive: ChartArchive, timeout: float) -> Any:
        try:
            pool = self._acting if "access" in request else self._rendering
            return await pool.call(request, archive.data, timeout=timeout)
        except TimeoutError as error:
            raise WorkerLost(
                f"Chart {archive.name} took longer than {timeout:g} s to render and was stopped", "time"
            ) from error
        except WorkerDied as error:
            because = "ran out of memory" if error.of_memory else "crashed"
            raise WorkerLost(
                f"Rendering chart {archive.name} {because}", "memory" if error.of_memory else "crash"
            ) from error
        except Failed as failed:
            raise self._diagnosed(failed, request) from failed
        except (FrameError, TypeError, ValueError) as error:
            raise ValuesInvalid(f"These values cannot be passed to Helm: {error}") from error

    async def _read(self, request: dict[str, Any], timeout: float) -> Any:
        try:
            return await self._acting.call(request, timeout=timeout)
        except TimeoutError as error:
            raise ClusterUnreachable(
                f"{request['access']['called']} did not answer within {timeout:g} s"
            ) from error
        except WorkerDied as error:
            raise WorkerLost(
                f"Reading releases failed: {error}", "memory" if error.of_memory else "crash"
            ) from error
        except Failed as failed:
            raise self._diagnosed(failed, request) from failed

    async def _write(
        self,
        request: dict[str, Any],
        at: Location,
        as_: Identity | None,
        timeout: float,
        archive: bytes = b"",
    ) -> Any:
        doing = f"{request['do']} of {at.release}"
        try:
            async with self._writing:
                return await self._acting.call(request, archive, timeout=timeout + _MARGIN)
        except TimeoutError as error:
            raise OutcomeUnknown(
                f"The {doing} did not end within {timeout + _MARGIN:g} s and was cut short"
            ) from error
        except WorkerDied as error:
            raise OutcomeUnknown(f"The {doing} was cut short: {error}") from error
        except Failed as failed:
            raise await self._explained(self._diagnosed(failed, request), at, as_) from failed
        except (FrameError, TypeError, ValueError) as error:
            raise ValuesInvalid(f"These values cannot be passed to Helm: {error}") from error

    async def _explained(self, error: HelmError, at: Location, as_: Identity | None) -> HelmError:
        """The error with what only the place and its history can say."""
        if isinstance(error, ReleaseMissing):
            return _missing(at)
        if not isinstance(error, ReleaseBusy):
            return error
        try:
            newest = (await self.history(at, as_, brief=True))[-1]
        except (HelmError, IndexError):
            return error
        words = f"Release {at.release} in {at.namespace} is {newest.status} (revision {newest.number})"
        return ReleaseBusy(words, newest.status, newest.number, newest.updated)

    def _diagnosed(self, failed: Failed, request: dict[str, Any]) -> HelmError:
        error = diagnose(failed.kind, self._mask(failed.words)[:_LONGEST_WORDS])
        if isinstance(error, ClusterUnreachable) and "access" in request:
            return ClusterUnreachable(error.words.replace("The cluster", request["access"]["called"], 1))
        return error


def _missing(at: Location) -> ReleaseMissing:
    return ReleaseMissing(f"There is no release {at.release} in {at.namespace}, or no such revision of it")
