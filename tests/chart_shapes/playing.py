"""The life of one chart, played in a chat and looked at in the cluster."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bot.cluster.discovery import Ref
from bot.helm.releases import Location
from bot.planning.manifests import parse
from bot.sandbox.telegram import Message
from tests.chart_shapes.lives import GONE, Drifted, Refused, Shape, Stage, Uninstalled
from tests.chart_shapes.lives import field as at
from tests.real_worlds import RealWorld, kubectl
from tests.worlds import spaced

CHAT = "private dana"
FIRST, SECOND = "1.0.0", "1.1.0"


@dataclass
class Life:
    """One release of a shape's chart; `folder` has the configuration, its charts and values."""

    world: RealWorld
    shape: Shape
    folder: Path
    history: list[str] = field(default_factory=list)

    @property
    def app(self) -> str:
        return self.shape.name

    async def is_refused(self, case: Refused) -> None:
        """Values of which nothing comes: there is nothing to confirm."""
        self.write(FIRST, case.values)
        self.says(f"/deploy {self.app} {FIRST} trial")
        end = await self.sees("^🚫")
        assert_says(end, case.told)
        assert await self.world.revisions(self.app) == []

    async def is_deployed(self, version: str, stage: Stage) -> None:
        """A version with these values."""
        before = await self.fields(stage.same)
        self.write(version, stage.values)
        self.says(f"/deploy {self.app} {version} trial")
        await self.confirms("Plan", stage)
        await self.ends(rf"^(✅|⚠️) {self.app} → trial {version}", stage)
        self.history = [*("superseded" for _ in self.history), "deployed"]
        await self.stands(stage, before)

    async def drifts(self, drifted: Drifted) -> None:
        """Somebody changes things by hand."""
        for words in drifted.by_hand:
            await self.world.kubectl(self.app, *words)
        self.says(f"/drift {self.app} trial")
        told = await self.sees(f"{self.app}: .* by hand")
        assert_says(told, drifted.told)

    async def is_rolled_back(self, stage: Stage) -> None:
        """To the first revision."""
        before = await self.fields(stage.same)
        self.says(f"/rollback {self.app} trial 1")
        await self.confirms("Roll back", stage)
        await self.ends(rf"{self.app} → trial {FIRST} is back|^⚠️ {self.app} →", stage)
        self.history = [*("superseded" for _ in self.history), "deployed"]
        await self.stands(stage, before)

    async def is_uninstalled(self, stage: Uninstalled) -> None:
        """What is not to be kept is gone, the record of the release too."""
        names = await self.names()
        self.says(f"/uninstall {self.app} trial")
        await self.confirms("Uninstall", stage)
        await self.ends("ninstalled|removed", stage)
        self.history = []
        for name in set(names) - set(stage.kept):
            if await self.find(name) is not None:  # what has finalizers or pods takes its time
                await self.world.kubectl(
                    self.app, "wait", "--for=delete", kubectl_name(name), "--timeout=300s"
                )
        for name in stage.kept:
            assert await self.find(name) is not None, f"{name} is gone"
        await self.stands(stage, {})

    def says(self, text: str) -> None:
        self.world.dana.says(text, "private")

    async def sees(self, pattern: str) -> Message:
        message = await self.world.sees(pattern, chat=CHAT)
        for text in self.shape.never_said:
            assert text not in message.text
        return message

    async def confirms(self, title: str, stage: Stage) -> None:
        """Read the plan and press the button that confirms it."""
        plan = await self.sees(rf"{title}: {self.app} → trial|already is")
        assert_says(plan, [f"{title}: {self.app} → trial", *stage.plan])
        wanted = stage.button or {"Plan": "Deploy"}.get(title, title)
        labels = [button.label for row in plan.buttons for button in row]
        assert any(label.startswith(wanted) for label in labels), f"{labels} under:\n{plan.text}"
        await self.world.dana.presses(wanted, "private")
        if stage.loses:
            assert_says(await self.sees(f"{self.app} → trial removes:"), stage.loses)
            self.world.clock.move(
                seconds=10
            )  # or it would be the second tap of a finger that meant the first
            await self.world.dana.presses("Remove", "private")

    async def ends(self, pattern: str, stage: Stage) -> None:
        """Wait for the operation's end, of whatever sort."""
        end = await self.sees(rf"{pattern}|^(❌|🆘|🚫|↩️) {self.app} →")
        assert re.search(pattern, spaced(end.text)), end.text
        assert_says(end, stage.told)

    async def stands(self, stage: Stage, before: Mapping[str, Any]) -> None:
        """Look at the release's history and at what is in the cluster."""
        assert await self.world.revisions(self.app) == self.history
        for name, wanted in stage.objects.items():
            found = await self.find(name)
            if wanted == GONE:
                assert found is None, f"{name} is there"
                continue
            assert found is not None, f"{name} is not there"
            assert isinstance(wanted, dict)
            assert {path: at(found, path) for path in wanted} == wanted, name
        assert await self.fields(stage.same) == before

    async def fields(self, wanted: Mapping[str, str]) -> dict[str, Any]:
        return {name: at(await self.find(name), path) for name, path in wanted.items()}

    async def find(self, name: str) -> dict[str, Any] | None:
        """An object in the cluster, by its name as in `Stage.objects`."""
        api_version, kind, own = parts(name)
        served = await self.world.api.resource(api_version, kind)
        namespace = self.world.namespace(self.app) if served.namespaced else None
        return await self.world.api.get(Ref(api_version, kind, own, namespace))

    async def names(self) -> Sequence[str]:
        """The objects of the release as it is now, in that form."""
        namespace, parts = self.world.namespace(self.app), self.world.parts
        access = parts.current.config.target(self.app, "trial").access
        record = await parts.helm.get(Location(access, namespace, self.app))
        found = parse({"manifest.yaml": record.manifest}, namespace)
        return [named(str(each.object["apiVersion"]), each.key.kind, each.key.name) for each in found]

    def write(self, version: str, values: Mapping[str, Any]) -> None:
        """Let the chart be of that version, and the configured values be these."""
        (self.folder / f"{self.app}.yaml").write_text(yaml.safe_dump(dict(values)))
        about = self.folder / self.app / "Chart.yaml"
        about.write_text(re.sub(r"(?m)^version: .*", f"version: {version}", about.read_text()))

    async def clean(self) -> None:
        """What the namespace's end does not take along."""
        for each in self.shape.cluster_wide:
            await kubectl(self.world.kubeconfig, "delete", each, "--ignore-not-found")


def assert_says(message: Message, patterns: Sequence[str]) -> None:
    """Whether all of these are in a message."""
    for pattern in patterns:
        assert re.search(pattern, spaced(message.text)), f"{pattern!r} is not in:\n{message.text}"


def configured(folder: Path, shapes: Sequence[Shape]) -> dict[str, Any]:
    """Copy the charts into `folder`; the apps for the configuration there."""
    for shape in shapes:
        shutil.copytree(shape.chart, folder / shape.name)
        (folder / f"{shape.name}.yaml").write_text("{}")
    apps = {
        shape.name: {
            "chart": str(folder / shape.name),
            "values": [f"{shape.name}.yaml"],
            "environments": ["trial"],
            "tests": shape.tests,
        }
        for shape in shapes
    }
    return {"apps": apps}


def parts(name: str) -> tuple[str, str, str]:
    """apiVersion, kind and name."""
    api_version, _, rest = name.rpartition(" ")
    kind, _, own = rest.partition("/")
    return api_version or "v1", kind, own


def named(api_version: str, kind: str, name: str) -> str:
    return f"{kind}/{name}" if api_version == "v1" else f"{api_version} {kind}/{name}"


def kubectl_name(name: str) -> str:
    """As kubectl takes it: kind.version.group/name."""
    api_version, kind, own = parts(name)
    group, _, version = api_version.rpartition("/")
    return f"{kind}.{version}.{group}/{own}" if group else f"{kind}/{own}"
