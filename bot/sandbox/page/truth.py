"""What there is behind the chat: the pods of every environment, in words, as they are now."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from bot.clock import Clock
from bot.config import Config
from bot.sandbox.page.words import described
from bot.sandbox.pods import Pod, Pods

JSON = dict[str, Any]

_PACE: Final = 0.5
"""Seconds between two tellings."""
_AGING: Final = 30.0
"""Seconds after which ages are written anew, though nothing happened."""
_INSTANCE: Final = "app.kubernetes.io/instance"
_NAME: Final = "app.kubernetes.io/name"


class Truth:
    """The pods as the page shows them."""

    def __init__(self, config: Config, pods: Pods, clock: Clock) -> None:
        self._targets, self._pods, self._clock = config.targets(), pods, clock
        self._environments = list(config.environments)
        self._changed = asyncio.Event()

    def now(self) -> JSON:
        """What the page is told."""
        shown = [self._environment(name) for name in self._environments]
        return {"type": "truth", "environments": [each for each in shown if each is not None]}

    def touch(self) -> None:
        """Look again, at what pods do not tell of: whether a cluster answers."""
        self._changed.set()

    async def follow(self, tell: Callable[[JSON], None]) -> None:
        """Tell how it is whenever that has changed; never returns."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._pods.follow(self._changed), name="sandbox page's pods")
            before: JSON = {}
            while True:
                if (now := self.now()) != before:
                    tell(now)
                    before = now
                await self._clock.sleep(_PACE)
                await self._until_changed()

    async def _until_changed(self) -> None:
        try:
            async with asyncio.timeout(_AGING):
                await self._changed.wait()
        except TimeoutError:
            return
        self._changed.clear()

    def _environment(self, name: str) -> JSON | None:
        """An environment; None for one in which no app is."""
        targets = [each for each in self._targets if each.environment.name == name]
        if not targets:
            return None
        cluster = targets[0].cluster_name
        namespaces = {each.namespace for each in targets}
        apps = {(each.namespace, each.release): each.app.name for each in targets}
        return {
            "name": name,
            "cluster": cluster,
            "namespaces": sorted(namespaces),
            "pods": [self._pod(pod, apps) for pod in self._pods.of(cluster, namespaces)],
            "error": self._pods.trouble(cluster),
        }

    def _pod(self, pod: Pod, apps: dict[tuple[str, str], str]) -> JSON:
        metadata = pod["metadata"]
        labels = metadata.get("labels") or {}
        phase, words = described(pod, self._clock.now())
        app = apps.get((metadata["namespace"], labels.get(_INSTANCE, "")), labels.get(_NAME, ""))
        return {
            "name": metadata["name"],
            "app": app,
            "phase": phase,
            "words": words,
            "namespace": metadata["namespace"],
        }
