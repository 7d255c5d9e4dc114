"""Restart: new pods for the workloads of a release, as `kubectl rollout restart` makes them; no new revision."""

from datetime import UTC, datetime

from bot.cluster.discovery import Ref
from bot.helm.releases import Revision
from bot.operations.change import Changed
from bot.operations.errors import StepFailed
from bot.operations.operation import Outcome
from bot.operations.release import ReleaseOperation
from bot.operations.steps import Steps
from bot.planning.manifests import Object

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
"""The annotation of the pod template that kubectl sets, too: whoever looks knows what it means."""


class Restart(ReleaseOperation, kind="restart"):
    """Restart the workloads that the plan named, and see their new pods through.

    The annotation's value is the operation's own time: a step that runs again changes nothing that it has changed.
    """

    async def run(self, do: Steps) -> Outcome:
        """Check, then patch and follow."""
        await do("preflight", self.preflight)
        changed = await do("rollout", self.rollout)
        if changed.health == "healthy":
            return Outcome(result="done", revision=changed.revision, ready=changed.ready)
        return Outcome(
            result="failed",
            words=changed.words,
            advice=changed.advice,
            quote=changed.quote,
            last_words=changed.last_words,
            revision=changed.revision,
            ready=changed.ready,
        )

    async def cancelled(self, do: Steps) -> Outcome:
        """Pods that were replaced stay replaced, and Kubernetes goes on with the rest: neither can be called back."""
        begun = [item for item in await self._items() if restarted_at(item) == self.value]
        if not begun:
            return Outcome(result="cancelled", words="nothing was changed")
        return Outcome(result="cancelled", words="pods that began to restart go on")

    @property
    def value(self) -> str:
        """The annotation's value."""
        return self.record.created_at.astimezone(UTC).isoformat()

    async def preflight(self) -> None:
        """Nothing moved, and the rights."""
        await self.check_unmoved()
        await self.check_rights(helm=False)

    async def rollout(self) -> Changed:
        """Patch every workload with the rollout's watch beside it.

        Raises: StepFailed, ClusterError.
        """
        arguments = self.arguments

        async def restart() -> Revision:
            for each in arguments.objects:
                await self._restart(Ref(each.api_version, each.kind, each.name, each.namespace))
            return (await self.change.history())[-1]

        return await self.change.watch(
            arguments.objects, base=arguments.base, since=self.record.created_at, act=restart
        )

    async def _restart(self, ref: Ref) -> None:
        cluster = await self.tools.cluster(self.arguments.site)
        item = await cluster.get(ref)
        if item is None:
            raise StepFailed(f"{ref.kind} {ref.name} is gone", advice="Look at /status, then ask again")
        if not is_later(self.value, restarted_at(item)):
            return
        template = {"metadata": {"annotations": {RESTARTED_AT: self.value}}}
        await cluster.patch(ref, {"spec": {"template": template}})

    async def _items(self) -> list[Object]:
        cluster = await self.tools.cluster(self.arguments.site)
        refs = [Ref(it.api_version, it.kind, it.name, it.namespace) for it in self.arguments.objects]
        return [item for ref in refs if (item := await cluster.get(ref)) is not None]


def restarted_at(item: Object) -> str:
    """When the workload was restarted last, as its annotation says it; "" for never."""
    template = (item.get("spec") or {}).get("template") or {}
    annotations = (template.get("metadata") or {}).get("annotations") or {}
    return str(annotations.get(RESTARTED_AT) or "")


def is_later(value: str, known: str) -> bool:
    """Whether a restart at `value` is not done yet: somebody may have restarted it after we did."""
    try:
        return datetime.fromisoformat(value) > datetime.fromisoformat(known)
    except (TypeError, ValueError):  # never restarted, or by somebody with a time of their own
        return value != known
