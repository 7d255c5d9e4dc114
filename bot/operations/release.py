"""What the operations on a release share: where it is, by which policy, and what becomes known of its revisions."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from bot.cluster.errors import ClusterError, ClusterRefused
from bot.cluster.identities import short
from bot.helm.releases import Revision
from bot.operations.change import Change, Changed
from bot.operations.closing import close_unfinished
from bot.operations.errors import StepFailed
from bot.operations.keeping import autoscaled_now, keeping
from bot.operations.operation import Arguments, Operation, T
from bot.operations.policy import Policy
from bot.operations.pruning import prune, room
from bot.operations.tools import Tools
from bot.planning.claims import other_owner
from bot.planning.errors import OwnedByOthers
from bot.planning.going_back import ROLLBACK
from bot.planning.live import Live, read_live
from bot.planning.plan import ObjectRef, refs
from bot.planning.releases import OPERATION_LABEL, of_record
from bot.planning.site import Site
from bot.planning.surveying import judged_now, record_of, refuse_owned
from bot.planning.trial import Autoscaled
from bot.planning.trying import applied_by_server
from bot.rollout.judging import unwell_now
from bot.rollout.verdicts import ObjectRef as Followed
from bot.store import verdicts
from bot.store.verdicts import Judgement

LOOK_EVERY = 15.0
"""Seconds between looks at which cluster it is while a step runs: a rollout may take hours."""


class ReleaseArguments(Arguments):
    """What every operation on a release was confirmed with."""

    site: Site
    policy: Policy
    base: int
    """The newest revision when it was planned; 0 when there was none."""
    before: str
    """The version deployed then; "" when there was none."""
    objects: tuple[ObjectRef, ...]
    removes: tuple[ObjectRef, ...] = ()
    """What Helm will remove."""
    forces: bool = False
    """Whether fields that others keep are taken over."""
    autoscaled: tuple[Autoscaled, ...] = ()
    """The workloads whose replicas stay as their autoscaler has them."""


class ReleaseOperation(Operation, kind=""):
    """The parts of deploy, rollback and uninstall that are the same."""

    tools: Tools
    Arguments: type[ReleaseArguments] = ReleaseArguments

    @property
    def arguments(self) -> ReleaseArguments:
        """As confirmed."""
        return self.Arguments.model_validate(self.record.arguments)

    @property
    def change(self) -> Change:
        """The release, ready to be changed and watched."""
        record = self.record
        return Change(
            self.tools,
            self.arguments.site,
            self.arguments.policy,
            self.tell,
            held=record.held,
            holds=not record.cancelling,
        )

    async def perform(self, act: Callable[[], Awaitable[T]]) -> T:
        """Do a step only as long as its cluster is the one that was confirmed; else stop where it is.

        Raises: StepFailed once another cluster answers, and whatever `act` raises.
        """
        await self.check_cluster()
        acting = asyncio.ensure_future(act())
        watching = asyncio.create_task(self._watch_cluster())
        try:
            await asyncio.wait({acting, watching}, return_when=asyncio.FIRST_COMPLETED)
            if not acting.done():
                watching.result()
            return await acting
        finally:
            acting.cancel()
            watching.cancel()
            await asyncio.gather(acting, watching, return_exceptions=True)

    async def check_cluster(self) -> None:
        """Refuse another cluster than the one that was confirmed; whether it answers at all is the step's own matter.

        Raises: StepFailed.
        """
        site = self.arguments.site
        try:
            found = await self.tools.clusters.uid(site.access, within=0.0)
        except ClusterError:
            return
        if found != site.cluster_uid:
            raise StepFailed(
                f"Another cluster answers now: {short(found)}, it was {short(site.cluster_uid)}",
                advice="Nothing more is done there. See to the kubeconfig, or accept it by /reload",
            )

    async def _watch_cluster(self) -> None:
        """Look again and again. Raises: StepFailed."""
        while True:
            await self.tools.clock.sleep(LOOK_EVERY)
            await self.check_cluster()

    async def check_unmoved(self) -> None:
        """Refuse when somebody else made a revision since the plan, or has the release or what goes of it by now.

        Raises: StepFailed.
        """
        history = await self.change.history()
        newest = history[-1].number if history else 0
        if newest != self.arguments.base and not self.is_expected(history):
            raise StepFailed(
                f"Revision {newest} appeared since the plan was made",
                advice="Ask again: the plan will be a new one",
            )
        site, base = self.arguments.site, self.arguments.base
        record = (record_of(site, base),) if base else ()
        cluster = await self.tools.cluster(site)
        try:
            await refuse_owned(cluster, (*record, *self.arguments.objects))
            going = await refuse_owned(cluster, self.arguments.removes)
        except OwnedByOthers as owned:
            raise StepFailed(f"{owned.words} ({owned.where})", advice=owned.advice) from owned
        for item in going:
            if owner := other_owner(item, site):
                what = f"{item['kind']} {item['metadata'].get('name', '')}"
                raise StepFailed(f"{what} belongs to another release by now: {owner}", advice="Ask again")

    def is_expected(self, history: list[Revision]) -> bool:
        """Whether revisions after `base` are what was confirmed to be there."""
        return False

    async def check_rights(self, *, helm: bool = True) -> None:
        """Ask the API server whether the identity may write each kind of object (SelfSubjectAccessReview).

        With `helm` also the Secrets in which Helm keeps the release.
        Raises: StepFailed naming the first that it may not.
        """
        site = self.arguments.site
        cluster = await self.tools.cluster(site)
        places = {(each.api_version, each.kind, each.namespace) for each in self.arguments.objects}
        places |= {("v1", "Secret", site.namespace)} if helm else set()

        async def refused(api_version: str, kind: str, namespace: str) -> StepFailed | None:
            try:
                resource = await cluster.resource(api_version, kind)
            except ClusterRefused:  # a kind that the chart itself brings along
                return None
            group = api_version.rpartition("/")[0]
            access = await cluster.may("patch", group, resource.plural, namespace or None)
            if access:
                return None
            who = site.identity.user if site.identity else "The bot"
            return StepFailed(
                f"{who} may not patch {resource.plural} in {namespace or 'the cluster'}",
                advice="Grant it by a Role in that namespace, or by a ClusterRole",
                quote=self.tools.mask(access.reason),
            )

        for refusal in await asyncio.gather(*(refused(*place) for place in sorted(places))):
            if refusal is not None:
                raise refusal

    async def judge(self, live: Live) -> None:
        """Judge the revision that runs now, where we have no verdict of it: it may be what we go back to."""
        site, tools = self.arguments.site, self.tools
        judgement = await judged_now(
            live, site, await tools.cluster(site), now=tools.clock.now(), mask=tools.mask
        )
        if judgement is not None and judgement.health != "unknown":  # one on its way is looked at again
            await self.keep(replace(judgement, version=self.arguments.before))

    async def standing(self) -> tuple[Live, dict[str, int]]:
        """What runs now, and what of it is not healthy, as far as it may be seen; by "Kind/name"."""
        site = self.arguments.site
        live = await read_live(self.tools.releases, site)
        followed = [Followed(each.api_version, each.kind, each.name) for each in refs(live.objects)]
        try:
            return live, await unwell_now(await self.tools.cluster(site), site.namespace, followed)
        except ClusterRefused:
            return live, {}

    async def healthy_before(self, number: int) -> Judgement | None:
        """The last revision before `number` that was healthy by our own verdict and that Helm still keeps."""
        past = await self.tools.releases.past(self.arguments.site)
        revision = past.healthy_before(number)
        return past.verdicts[revision.number] if revision is not None else None

    async def judged(self, changed: Changed, *, version: str, digest: str = "") -> None:
        """Keep our verdict of a revision that this operation made."""
        await self.keep(
            Judgement(
                revision=changed.revision,
                health=changed.health,
                at=self.tools.clock.now(),
                reason=changed.words,
                version=version,
                digest=digest,
                operation_id=self.record.id,
                author=self.record.author.name,
            )
        )

    async def keep(self, judgement: Judgement) -> None:
        """Store a verdict."""
        async with self.tools.database.write() as session:
            await verdicts.keep(session, self.arguments.site.id, judgement)

    async def close(self, words: str) -> None:
        """End what runs of Helm for this operation left unfinished when they were killed."""
        arguments = self.arguments
        await close_unfinished(
            self.tools, arguments.site, after=arguments.base, words=words, operation_id=self.record.id
        )

    async def back_to(self, wanted: Judgement, *, by_itself: bool = False) -> Changed:
        """Roll back to a revision and watch it; looks first whether that was done already.

        `by_itself`: nobody was asked, so it takes over whatever others keep, all but what an autoscaler sets.
        """
        site, policy = self.arguments.site, self.arguments.policy
        cluster = await self.tools.cluster(site)
        record = await self.tools.helm.get(site.location, wanted.revision, site.identity)
        objects, _ = of_record(record, site.namespace)
        await self.close("Stopped: its run was over")
        past = await self.tools.releases.past(site)
        history = list(past.revisions)
        forces, autoscaled = self.arguments.forces, self.arguments.autoscaled
        if by_itself:
            now = await self.tools.helm.get(site.location, history[-1].number, site.identity)
            autoscaled = await autoscaled_now(cluster, of_record(now, site.namespace)[0], objects)
            forces = await applied_by_server(cluster, site, wanted.revision)

        async def roll_back() -> Revision:
            async with keeping(cluster, autoscaled):
                if is_back(history, wanted.revision, self.arguments.base):
                    return history[-1]
                return await self.tools.helm.rollback(
                    site.location,
                    wanted.revision,
                    as_=site.identity,
                    timeout=policy.timeout,
                    history_max=room(past, policy.history_max),
                    force_conflicts=forces,
                )

        changed = await self.change.watch(
            refs(objects), base=history[-1].number, since=self.tools.clock.now(), act=roll_back
        )
        if changed.health == "failed":
            await self.close(changed.words)
        await self.judged(changed, version=wanted.version, digest=wanted.digest)
        await prune(self.tools, site, policy.history_max)
        return changed


def made_by(history: list[Revision], base: int, operation_id: str) -> bool:
    """Whether what is newer than `base` is that operation's doing: its change, or a way back that it had begun.

    A rollback has the labels of what it returns to, so it is known by the change before it.
    """
    newer = [each for each in history if each.number > base]
    ours = [each.labels.get(OPERATION_LABEL) == operation_id for each in newer]
    if not any(ours):
        return False
    newest = newer[-1]
    is_way_back = newest.status == "pending-rollback" or newest.description.startswith(ROLLBACK)
    return ours[-1] or is_way_back or newest.status == "failed"


def is_back(history: list[Revision], revision: int, base: int) -> bool:
    """Whether the newest revision is `revision`, deployed, or a finished rollback to it made after `base`."""
    newest = history[-1]
    if newest.number == revision and newest.status == "deployed":
        return True
    return newest.number > base and not newest.busy and newest.description == f"{ROLLBACK}{revision}"
