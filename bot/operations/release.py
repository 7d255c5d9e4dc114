"""What the operations on a release share: where it is, by which policy, and what becomes known of its revisions."""

from bot.cluster.errors import ClusterRefused
from bot.helm.releases import Revision
from bot.operations.change import Change, Changed
from bot.operations.closing import close_unfinished
from bot.operations.errors import StepFailed
from bot.operations.operation import Arguments, Operation
from bot.operations.policy import Policy
from bot.operations.tools import Tools
from bot.planning.live import of_record
from bot.planning.plan import ObjectRef, refs
from bot.planning.site import Site
from bot.rollout.judging import judge
from bot.rollout.verdicts import ObjectRef as Followed
from bot.store import verdicts
from bot.store.verdicts import Judgement


class ReleaseArguments(Arguments):
    """What every operation on a release was confirmed with."""

    site: Site
    policy: Policy
    base: int
    """The newest revision when it was planned; 0 when there was none."""
    before: str
    """The version deployed then; "" when there was none."""
    objects: tuple[ObjectRef, ...]


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
        return Change(self.tools, self.arguments.site, self.arguments.policy, self.tell)

    async def check_unmoved(self) -> None:
        """Refuse when somebody else made a revision since the plan.

        Raises: StepFailed.
        """
        history = await self.change.history()
        newest = history[-1].number if history else 0
        if newest != self.arguments.base:
            raise StepFailed(
                f"Revision {newest} appeared since the plan was made",
                advice="Ask again: the plan will be a new one",
            )

    async def check_rights(self, *, helm: bool = True) -> None:
        """Ask the API server whether the identity may write each kind of object (SelfSubjectAccessReview).

        With `helm` also the Secrets in which Helm keeps the release.
        Raises: StepFailed naming the first that it may not.
        """
        site = self.arguments.site
        cluster = await self.tools.cluster(site)
        places = {(each.api_version, each.kind, each.namespace) for each in self.arguments.objects}
        places |= {("v1", "Secret", site.namespace)} if helm else set()
        for api_version, kind, namespace in sorted(places):
            try:
                resource = await cluster.resource(api_version, kind)
            except ClusterRefused:  # a kind that the chart itself brings along
                continue
            group = api_version.rpartition("/")[0]
            access = await cluster.may("patch", group, resource.plural, namespace or None)
            if not access:
                who = site.identity.user if site.identity else "The bot"
                raise StepFailed(
                    f"{who} may not patch {resource.plural} in {namespace or 'the cluster'}",
                    advice="Grant it by a Role in that namespace, or by a ClusterRole",
                    quote=self.tools.mask(access.reason),
                )

    async def judge_live(self) -> None:
        """Judge the revision that runs now, where we have no verdict of it: it may be what we go back to."""
        site = self.arguments.site
        past = await self.tools.releases.past(site)
        live = past.live
        if live is None or live.number in past.verdicts:
            return
        record = await self.tools.helm.get(site.location, live.number, site.identity)
        objects, _ = of_record(record, site.namespace)
        followed = [Followed(each.api_version, each.kind, each.name) for each in refs(objects)]
        verdict = await judge(await self.tools.cluster(site), site.namespace, followed)
        await self.keep(
            Judgement(
                revision=live.number,
                health=verdict.health,
                at=self.tools.clock.now(),
                reason=self.tools.mask(verdict.words),
                version=self.arguments.before,
            )
        )

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

    async def back_to(self, wanted: Judgement) -> Changed:
        """Roll back to a revision and watch it; looks first whether that was done already."""
        site, policy = self.arguments.site, self.arguments.policy
        record = await self.tools.helm.get(site.location, wanted.revision, site.identity)
        objects, _ = of_record(record, site.namespace)
        await self.close("Stopped: its run was over")
        history = await self.change.history()

        async def roll_back() -> Revision:
            if is_rollback_to(history, wanted.revision, self.arguments.base):
                return history[-1]
            return await self.tools.helm.rollback(
                site.location,
                wanted.revision,
                as_=site.identity,
                timeout=policy.timeout,
                history_max=policy.history_max,
            )

        changed = await self.change.watch(
            refs(objects), base=history[-1].number, since=self.tools.clock.now(), act=roll_back
        )
        if changed.health == "failed":
            await self.close(changed.words)
        await self.judged(changed, version=wanted.version, digest=wanted.digest)
        return changed


def is_rollback_to(history: list[Revision], revision: int, base: int) -> bool:
    """Whether the newest revision is a finished rollback to `revision`, made after `base`."""
    newest = history[-1]
    return newest.number > base and not newest.busy and newest.description == f"Rollback to {revision}"
