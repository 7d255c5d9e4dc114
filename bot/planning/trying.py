"""Asking the API server, in the person's name, what it would do with the objects of a plan: a dry run of each.

Bounded in number and time, so that a plan stays quick. What was found is in bot.planning.trial, what Helm would send
in bot.planning.sending.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.cluster.cluster import Cluster
from bot.cluster.discovery import Ref
from bot.cluster.errors import Cause, ClusterConflict, ClusterError, ClusterRefused
from bot.config import Target
from bot.helm import records
from bot.masking import Masker
from bot.planning.differences import compare
from bot.planning.drift import Found
from bot.planning.hiding import LONG, held_by
from bot.planning.live import Live
from bot.planning.manifests import GENERATED, Manifest, Object
from bot.planning.refusals import insecure, level_of, refusal, too_large, untriable
from bot.planning.rendering import Rendering
from bot.planning.scaling import autoscaled, by_autoscaler, leaving, unsettled, values
from bot.planning.sending import MANAGER, Sending, sending
from bot.planning.site import Site
from bot.planning.surveying import record_of
from bot.planning.trial import Autoscaled, Contest, Refusal, Trial, grouped

AT_ONCE = 16
"""Dry runs at the same time: the API server's own priorities let that many of one client through at once."""

EACH = 5.0
"""Seconds that one dry run may take: an admission webhook's own time-out is 10, and most plans have none so slow."""

ALL = 10.0
"""Seconds that they may take together; what is not tried by then is said to be untried."""

ENFORCED = "pod-security.kubernetes.io/enforce"
"""The label of a namespace, beside one with `-version`, by which it lets no other pods in."""


@dataclass(frozen=True)
class Planned:
    """What would be sent, and what is known of it."""

    before: Sequence[Manifest]
    """What Helm's record says is there."""
    after: Sequence[Manifest]
    revision: int | None
    """The revision in whose way Helm applies; None for an install, which is always the server's."""
    returns: bool = False
    """Whether it is a rollback."""
    makes_namespace: bool = False
    """Whether Helm makes the release's namespace first."""
    brings: frozenset[tuple[str, str]] = frozenset()
    """Groups and kinds that are not there yet, and that Helm installs before anything else."""
    record: int = 0
    """Bytes that Helm's record of it takes, near enough."""
    hooks: Sequence[Manifest] = ()
    """What Helm makes before and after the change itself, anew each time."""


def deploying(
    target: Target, live: Live, rendering: Rendering, brings: frozenset[tuple[str, str]] = frozenset()
) -> Planned:
    """What a deploy would send."""
    newest = live.past.newest
    action = "install" if live.is_install else "upgrade"
    return Planned(
        live.objects,
        rendering.objects,
        revision=newest.number if newest is not None and not live.is_install else None,
        makes_namespace=live.is_install and target.environment.create_namespace,
        brings=brings,
        record=rendering.record,
        hooks=_run_at(action, rendering.hooks),
    )


def returning(live: Live, then: Rendering, revision: int) -> Planned:
    """What going back to a revision would send."""
    hooks = _run_at("rollback", then.hooks)
    return Planned(live.objects, then.objects, revision=revision, returns=True, hooks=hooks)


async def tried(cluster: Cluster, site: Site, live: Live, planned: Planned, masker: Masker) -> Trial:
    """What the API server says: of each object that is added or changed, and of each that others wrote to.

    What only Helm wrote and the plan leaves as it is was taken before, and nobody can contest it.
    Raises: ClusterError when Helm's record can't be read.
    """
    mask = masker.with_values(_secrets(planned)).mask_text
    chosen, by_server = await asyncio.gather(
        asyncio.to_thread(_chosen, planned, live.found), _by_server(cluster, site, planned.revision)
    )
    trying = _Trying(cluster, site, planned, mask, by_server, live.found)
    tasks = [
        *(asyncio.create_task(trying.one(each, trying.changed)) for each in chosen),
        *(asyncio.create_task(trying.one(each, trying.made)) for each in planned.hooks),
    ]
    if not tasks:
        return trying.together([])
    try:
        done, late = await asyncio.wait(tasks, timeout=ALL)
    finally:
        for task in tasks:
            task.cancel()
    found = [task.result() for task in tasks if task in done]
    if late:
        words = f"Of {len(tasks)} objects {len(late)} could not be tried within {ALL:.0f} s"
        found.append(Trial(untried=words))
    return trying.together(found)


async def _by_server(cluster: Cluster, site: Site, revision: int | None) -> bool:
    return revision is None or await applied_by_server(cluster, site, revision)


async def applied_by_server(cluster: Cluster, site: Site, revision: int) -> bool:
    """Whether Helm goes on from that revision by server-side apply.

    Raises: ClusterError.
    """
    each = record_of(site, revision)
    secret = await cluster.get(Ref(each.api_version, each.kind, each.name, each.namespace))
    try:
        text = ((secret or {}).get("data") or {}).get("release", "")
        return records.is_applied_by_server(await asyncio.to_thread(records.read, text))
    except ValueError:
        return True  # as Helm 4 does by itself; a record that it can't read either fails by itself


@dataclass
class _Trying:
    """One plan's dry runs."""

    cluster: Cluster
    site: Site
    planned: Planned
    mask: Callable[[str], str]
    by_server: bool
    live: Found
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    security: dict[str, asyncio.Task[Mapping[str, str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.was = {each.key: each.object for each in self.planned.before}
        self.spaces = {each.key.name for each in self.planned.after if each.key.kind == "Namespace"}
        self.leaving = leaving(self.planned.before, self.planned.after)

    def together(self, found: Iterable[Trial]) -> Trial:
        """All that was found, as one."""
        trials = list(found)
        settled = tuple(each for trial in trials for each in trial.autoscaled)
        fights = unsettled(self.planned.after, settled)
        warnings = [*(each for trial in trials for each in trial.warnings), *fights]
        return Trial(
            refusals=(
                *too_large(self.planned.record),
                *grouped(each for trial in trials for each in trial.refusals),
            ),
            contests=tuple(each for trial in trials for each in trial.contests),
            autoscaled=settled,
            warnings=tuple(dict.fromkeys(warnings)),
            untried=next((trial.untried for trial in trials if trial.untried), ""),
            by_server=self.by_server,
        )

    async def one(self, each: Manifest, sent: Callable[[Manifest], Awaitable[Trial]]) -> Trial:
        """What is said of one object, sent as a part of the release or as a hook."""
        async with self.turns:
            try:
                return await sent(each)
            except ClusterError as error:
                return self._failed(each, error)

    async def made(self, hook: Manifest) -> Trial:
        """A hook's object, which Helm makes as it is; one that is still there it removes before."""
        api_version = str(hook.object["apiVersion"])
        ref = Ref(api_version, hook.key.kind, hook.key.name, hook.key.namespace or None)
        try:
            return await self._warned(hook, await self._dry_run(ref, Sending("create", hook.object)))
        except ClusterError as error:
            found = self._failed(hook, error)
            if any(each.heals for each in found.refusals) and await self.cluster.get(ref) is not None:
                return Trial()  # its own place in a quota is free by then
            return found

    async def changed(self, each: Manifest) -> Trial:
        """An object of the release."""
        api_version = str(each.object["apiVersion"])
        resource = await self.cluster.resource(api_version, each.key.kind)
        ref = Ref(api_version, each.key.kind, each.key.name, each.key.namespace or None)
        request = sending(
            self.was.get(each.key),
            each,
            self.site,
            by_server=self.by_server,
            is_there=self.live.get(each.key) is not None,
            is_namespaced=resource.namespaced,
        )
        try:
            warnings = await self._dry_run(ref, request)
        except ClusterConflict as conflict:
            if not any(cause.manager for cause in conflict.causes):
                raise
            return await self._contested(each, ref, request, conflict)
        found = await self._warned(each, warnings)
        return found if self.by_server else replace(found, autoscaled=self._scaled(each))

    async def _dry_run(self, ref: Ref, request: Sending, *, force: bool = False) -> tuple[str, ...]:
        tried = await self.cluster.dry_run(
            ref, request.body, request.way, manager=MANAGER, force=force, timeout=EACH
        )
        return tried.warnings

    async def _contested(
        self, each: Manifest, ref: Ref, request: Sending, conflict: ClusterConflict
    ) -> Trial:
        """Who keeps which fields, and what the server says once they are taken over."""
        causes = [cause for cause in conflict.causes if not self._is_helms_own(cause)]
        live = self.live.get(each.key) or {}
        settled = self._scaled(each)
        contests = tuple(
            Contest(str(each.key), cause.field, cause.manager, *values(cause.field, live, each.object))
            for cause in causes
            if not (settled and by_autoscaler(cause.manager, cause.subresource))
        )
        try:
            found = await self._warned(each, await self._dry_run(ref, request, force=True))
        except ClusterError as error:
            found = self._failed(each, error)
        return Trial(found.refusals, contests, settled, found.warnings, found.untried)

    def _is_helms_own(self, cause: Cause) -> bool:
        """A rollback turns Helm's own writes into applied ones first (its `upgradeClientSideFieldManager`)."""
        return self.planned.returns and cause.manager == MANAGER

    def _scaled(self, each: Manifest) -> tuple[Autoscaled, ...]:
        """The object, where the replicas that it says are set by an autoscaler that stays."""
        return () if each.key[1::2] in self.leaving else autoscaled(each, self.live.get(each.key))

    def _failed(self, each: Manifest, error: ClusterError) -> Trial:
        if isinstance(error, ClusterConflict):
            if error.reason == "AlreadyExists":
                return Trial()  # whose it is, and whether Helm may have it, is another question
            return Trial(untried=f"{each.key} could not be tried: it changes right now")
        if isinstance(error, ClusterRefused):
            return self._refused(each, error)
        return Trial(untried=f"{each.key} could not be tried: {self.mask(error.words)}")

    def _refused(self, each: Manifest, error: ClusterRefused) -> Trial:
        space = each.key.namespace
        if f'namespaces "{space}" not found' in error.words and error.code == 404:
            if self.planned.makes_namespace and space == self.site.namespace:
                return Trial(
                    untried=f"Namespace {space} is made first: what comes into it could not be tried"
                )
            if space in self.spaces:
                return Trial()
        if (each.key.group, each.key.kind) in self.planned.brings and error.code == 404:
            return Trial()
        if error.code == 404 and self._role_comes(each):
            return Trial()
        if webhook := untriable(error):
            return Trial(untried=f"{each.key} could not be tried: webhook {webhook} knows no dry run")
        return Trial(refusals=(refusal(str(each.key), error, self.mask),))

    def _role_comes(self, each: Manifest) -> bool:
        """Whether it binds to a role of the plan itself, which Helm makes first."""
        role = each.object.get("roleRef") or {}
        return any(
            (it.key.kind, it.key.name) == (role.get("kind"), role.get("name"))
            for it in (*self.planned.hooks, *self.planned.after)
        )

    async def _warned(self, each: Manifest, warnings: Iterable[str]) -> Trial:
        """What is taken with a warning; a workload whose pods nobody will let in is as good as refused."""
        refused: list[Refusal] = []
        told: list[str] = []
        for warning in map(self.mask, warnings):
            level = level_of(warning)
            if level is None:
                told.append(f"{each.key}: {warning}")
                continue
            found = insecure(str(each.key), warning)
            labels = await self._labels(each.key.namespace)
            if (labels.get(ENFORCED), labels.get(f"{ENFORCED}-version", "latest")) == level:
                refused.append(found)
            else:
                told.append(found.sentence)
        return Trial(refusals=tuple(refused), warnings=tuple(told))

    async def _labels(self, namespace: str) -> Mapping[str, str]:
        """Of the namespace, asked for once; none where they may not be read."""
        if namespace not in self.security:
            self.security[namespace] = asyncio.create_task(self._read_labels(namespace))
        return await self.security[namespace]

    async def _read_labels(self, namespace: str) -> Mapping[str, str]:
        try:
            found = await self.cluster.metadata_of(Ref("v1", "Namespace", namespace))
        except ClusterError:
            return {}
        labels: Mapping[str, str] = ((found or {}).get("metadata") or {}).get("labels") or {}
        return labels


def _chosen(planned: Planned, live: Found) -> list[Manifest]:
    """The objects that are worth a question."""
    changed = {each.key for each in compare(planned.before, planned.after)}
    written = {key for key, item in live.items() if item is None or _is_written_by_others(item)}
    return [
        each
        for each in planned.after
        if GENERATED not in each.key.name and (each.key in changed or each.key in written)
    ]


def _is_written_by_others(item: Object) -> bool:
    entries = item["metadata"].get("managedFields") or ()
    return any(entry.get("manager") != MANAGER and entry.get("subresource") != "status" for entry in entries)


def _run_at(action: str, hooks: Iterable[Manifest]) -> list[Manifest]:
    """The hooks that Helm runs at an install, upgrade or rollback."""
    moments = {f"pre-{action}", f"post-{action}"}
    return [
        each for each in hooks if moments.intersection(each.hook_events) and GENERATED not in each.key.name
    ]


def _secrets(planned: Planned) -> list[str]:
    """What Secrets of either side hold: the server may quote it."""
    return [text for text in held_by(planned.before, planned.after, planned.hooks) if len(text) >= LONG]
