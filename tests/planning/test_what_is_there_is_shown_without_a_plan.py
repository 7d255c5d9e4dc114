"""Manifests, values, drift and what a revision changed are shown without planning, and nothing secret of them."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.access import Identity
from bot.app import Parts, opened_for_planning
from bot.config import Target
from bot.masking import HIDDEN
from bot.planning.documents import load_all
from bot.planning.errors import NothingThere
from bot.planning.inspecting import Inspector, Strayed
from bot.planning.site import Site
from bot.sandbox.kubernetes.behaviour import Pace
from bot.sandbox.kubernetes.cluster import KubernetesServer
from bot.sandbox.kubernetes.storage import Key
from tests.hands import let_do_anything
from tests.helm.writing import Charts

CHART = {
    "templates/map.yaml": """
apiVersion: v1
kind: ConfigMap
metadata: {name: it, labels: {team: blue}}
data:
  number: {{ .Values.number | quote }}
  greeting: {{ .Values.greeting | quote }}
  copy: {{ .Values.password }}
  pin: {{ .Values.pin | quote }}
  token: {{ .Values.token | quote }}
""",
    "templates/secret.yaml": """
apiVersion: v1
kind: Secret
metadata: {name: db}
stringData: {password: {{ .Values.password }}, token: {{ .Values.token | quote }}}
""",
    "templates/hook.yaml": """
apiVersion: v1
kind: ConfigMap
metadata: {name: after, annotations: {helm.sh/hook: post-upgrade}}
data: {copy: {{ .Values.password }}}
""",
    "templates/hooked.yaml": """
apiVersion: v1
kind: Secret
metadata: {name: hooked, annotations: {helm.sh/hook: post-upgrade}}
stringData: {hooked: {{ .Values.hooked | quote }}}
""",
    "values.yaml": "number: 0\ngreeting: hello\npassword: none\npin: none\ntoken: none\nhooked: none\n",
}

CONFIG = """\
telegram: {token: "${TOKEN}"}
clusters: {main: {kubeconfig: kubeconfig}}
environments: {staging: {cluster: main, namespace: shop}}
apps:
  shop:
    chart: demo
    environments: [staging]
    set_allowed: [greeting]
    secrets: {password: "${PASSWORD}", pin: "${PIN}"}
"""
PASSWORD = "hunter22-hunter22"
ENVIRON = {
    "TOKEN": "123456:abcdefghijklmnopqrstuvwxyz0123456789",
    "PASSWORD": PASSWORD,
    "PIN": "pin-of-these-days",
}
PIN, TOKEN, HOOKED = "pin-of-former-days", "token-of-the-chart", "word-of-a-hook"
"""What the configuration does not know: a former value of one of its secrets, and what the chart alone keeps secret."""


@dataclass
class Place:
    """An app that may be deployed, and who looks at it."""

    server: KubernetesServer
    parts: Parts
    charts: Charts

    @property
    def inspector(self) -> Inspector:
        return self.parts.inspector

    def target(self, **environment: Any) -> Target:
        """The app in its environment, with that said of it."""
        target = self.parts.current.config.target("shop", "staging")
        return replace(target, environment=target.environment.model_copy(update=environment))

    async def site(self) -> Site:
        return await self.parts.planner.site(self.target(), None)

    async def deploy(self, **values: Any) -> None:
        """Make one more revision."""
        site = await self.site()
        chart = await self.charts.pack({})
        await self.parts.helm.upgrade(
            site.location, chart, {"password": PASSWORD, **values}, timeout=30, install=True
        )

    def by_hand(self, labels: Mapping[str, str]) -> None:
        """Somebody writes labels on a ConfigMap."""
        key = Key("", "configmaps", "shop", "it")
        item = self.server.storage.get(key)
        assert item is not None
        item["metadata"]["labels"] |= labels
        fields: dict[str, Any] = {"f:metadata": {"f:labels": {f"f:{name}": {} for name in labels}}}
        item["metadata"]["managedFields"].append(
            {"manager": "kubectl-label", "operation": "Update", "fieldsV1": fields}
        )
        self.server.storage.put(key, item)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    charts = Charts(tmp_path)
    charts.write(CHART)
    (tmp_path / "config.yaml").write_text(f"{CONFIG}store: sqlite:///{tmp_path}/store.db\n")
    async with AsyncExitStack() as owned:
        server = await owned.enter_async_context(KubernetesServer(pace=Pace.instant()))
        (tmp_path / "kubeconfig").write_text(server.kubeconfig())
        parts = await owned.enter_async_context(opened_for_planning([tmp_path / "config.yaml"], ENVIRON))
        place = Place(server, parts, charts)
        site = await place.site()
        cluster = await parts.clusters.at(site.access)
        await cluster.create("v1", "Namespace", None, {"metadata": {"name": "shop"}})
        yield place


async def test_what_was_never_deployed_has_not_strayed_and_changed_nothing(place: Place) -> None:
    assert await place.inspector.drift(place.target(), None) == Strayed("", 0)
    with pytest.raises(NothingThere, match="Revision 1 or the one before it is not kept any more"):
        await place.inspector.changed_by(place.target(), 1, None)


async def test_a_version_is_rendered_with_its_hooks_and_without_its_secrets(place: Place) -> None:
    text = await place.inspector.rendered(place.target(), "1.2.3", None, [("greeting", "bye")])
    assert PASSWORD not in text
    shown = {each["metadata"]["name"]: each for each in load_all(text)}
    assert sorted(shown) == ["after", "db", "hooked", "it"]
    data = {"number": "0", "greeting": "bye", "copy": HIDDEN, "pin": HIDDEN, "token": HIDDEN}
    assert shown["it"]["data"] == data
    assert shown["after"]["data"] == {"copy": HIDDEN}
    assert text.count("---\n") == 3


@pytest.mark.parametrize("secret", [PIN, TOKEN, HOOKED])
async def test_what_was_secret_in_the_deployed_revision_is_in_no_render(place: Place, secret: str) -> None:
    await place.deploy(pin=PIN, token=TOKEN, hooked=HOOKED)
    text = await place.inspector.rendered(place.target(), "1.2.3", None, [("greeting", secret)])
    assert secret not in text
    assert next(each for each in load_all(text) if each["metadata"]["name"] == "it")["data"] == {
        "number": "0",
        "greeting": HIDDEN,
        "copy": HIDDEN,
        "pin": HIDDEN,
        "token": HIDDEN,
    }


async def test_what_the_version_itself_makes_secret_is_shown_nowhere_in_it(place: Place) -> None:
    place.charts.write(
        {**CHART, "values.yaml": CHART["values.yaml"].replace("token: none", f"token: {TOKEN}")}
    )
    text = await place.inspector.rendered(place.target(), "1.2.3", None)
    assert TOKEN not in text
    assert "greeting: hello" in text


async def test_the_values_of_a_version_are_shown_without_its_secrets(place: Place) -> None:
    assert await place.inspector.values(place.target(), "1.2.3") == {
        "password": HIDDEN,
        "pin": HIDDEN,
    }


async def test_what_was_changed_by_hand_is_told_of_the_deployed_revision(place: Place) -> None:
    await place.deploy()
    await place.deploy(greeting="bye")
    quiet = await place.inspector.drift(place.target(), None)
    assert (quiet.version, quiet.revision, quiet.drift, quiet.by_hand, quiet.unread) == (
        "1.2.3",
        2,
        (),
        (),
        0,
    )
    place.by_hand({"team": "red", "secret": PASSWORD})
    found = await place.inspector.drift(place.target(), None)
    assert [(each.what, each.by, each.fate) for each in found.drift] == [
        ("ConfigMap it: label team blue → red", "kubectl-label", ""),
        ("ConfigMap it: label secret added", "kubectl-label", ""),
    ]
    assert found.by_hand == found.drift
    summary = await place.inspector.drift(place.target(disclose="summary"), None)
    assert [each.what for each in summary.drift] == [
        "ConfigMap it: label team changed",
        "ConfigMap it: label secret added",
    ]


@pytest.mark.parametrize("secret", [PIN, TOKEN, HOOKED])
async def test_a_secret_that_somebody_copied_by_hand_is_hidden(place: Place, secret: str) -> None:
    await place.deploy(pin=PIN, token=TOKEN, hooked=HOOKED)
    place.by_hand({"team": secret})
    (found,) = (await place.inspector.drift(place.target(), None)).drift
    assert found.what == f"ConfigMap it: label team blue → {HIDDEN}"


async def test_so_is_one_that_is_in_the_cluster_alone(place: Place) -> None:
    await place.deploy()
    key = Key("", "secrets", "shop", "db")
    item = place.server.storage.get(key)
    assert item is not None
    item["data"]["token"] = base64.b64encode(TOKEN.encode()).decode()
    place.server.storage.put(key, item)
    place.by_hand({"team": TOKEN})
    found = await place.inspector.drift(place.target(), None)
    assert f"ConfigMap it: label team blue → {HIDDEN}" in [each.what for each in found.drift]
    assert TOKEN not in str(found)


async def test_a_person_is_asked_for_in_their_own_name_throughout(place: Place) -> None:
    for number in range(2):
        await place.deploy(number=number)
    users: set[str] = set()
    place.server.gate.seen = lambda who, what: users.add(who.user) if what.namespace == "shop" else None
    target, dana = place.target(impersonate=True), Identity("dana@example.org")
    await let_do_anything(await place.parts.clusters.at((await place.site()).access), dana.user)
    site = await place.parts.planner.site(target, dana)
    past = await place.parts.releases.past(site)
    for look in (
        place.inspector.rendered(target, "1.2.3", dana),
        place.inspector.drift(target, dana),
        place.inspector.changed_by(target, 2, dana),
        place.inspector.versions_of(target, site, past, past.revisions),
    ):
        users.clear()
        await look
        assert users == {"dana@example.org"}


async def test_what_may_not_be_read_is_counted(place: Place) -> None:
    async def forbidding(request: web.Request) -> web.Response | None:
        if not request.path.endswith("/configmaps/it"):
            return None
        status = {"kind": "Status", "apiVersion": "v1", "message": "it is forbidden", "code": 403}
        return web.json_response(status, status=403)

    await place.deploy()
    place.server.meets = forbidding
    found = await place.inspector.drift(place.target(), None)
    assert (found.drift, found.unread) == ((), 1)


async def test_what_a_revision_changed_is_a_diff_without_secrets(place: Place) -> None:
    for number in range(3):
        await place.deploy(number=number, pin=f"{PIN}-{number}", token=f"{TOKEN}-{number}")
    diff = await place.inspector.changed_by(place.target(), 3, None)
    assert "-  number: '1'\n" in diff
    assert "+  number: '2'\n" in diff
    assert [secret for secret in (PIN, TOKEN) if secret in diff] == []
    for gone in (1, 4):
        with pytest.raises(NothingThere, match=f"Revision {gone} or"):
            await place.inspector.changed_by(place.target(), gone, None)
    site = await place.site()
    past = await place.parts.releases.past(site)
    versions = await place.inspector.versions_of(place.target(), site, past, past.revisions)
    assert versions == {1: "1.2.3", 2: "1.2.3", 3: "1.2.3"}


async def test_what_is_not_there_is_neither_removed_nor_restarted(place: Place) -> None:
    planner, target = place.parts.planner, place.target()
    await planner.refuse_owned(await place.site())
    for plan in (planner.uninstall, planner.restart):
        with pytest.raises(NothingThere, match="is not deployed"):
            await plan(target, None)
    await place.deploy()
    with pytest.raises(NothingThere, match="has nothing to restart"):
        await planner.restart(target, None)
