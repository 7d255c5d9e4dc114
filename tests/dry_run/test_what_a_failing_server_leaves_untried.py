"""What a plan says where the API server answers a dry run with something else than the object, or not in time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from bot.access import ClusterAccess
from bot.cluster import Cluster, Ref
from bot.config import Target
from bot.helm.releases import Revision
from bot.planning import trying
from bot.planning.live import Live
from bot.planning.releases import Past
from bot.planning.rendering import Rendering
from bot.planning.trial import Trial
from bot.planning.trying import Planned, applied_by_server, deploying, returning
from bot.sandbox.kubernetes.behaviour import Pace
from bot.sandbox.kubernetes.cluster import KubernetesServer
from bot.sandbox.kubernetes.errors import ApiError
from bot.sandbox.kubernetes.serving import answered
from tests.dry_run.asking import Place, config, deployment, job, rendered
from tests.faults.clusters import refused
from tests.planning.test_what_is_known_of_a_release import target as configured

NOW = datetime(2026, 11, 25, 14, 3, tzinfo=UTC)
QUOTA = (
    'jobs.batch "migrate" is forbidden: exceeded quota: jobs, requested: count/jobs.batch=1, '
    "used: count/jobs.batch=1, limited: count/jobs.batch=1"
)
VIOLATES = 'would violate PodSecurity "restricted:latest": allowPrivilegeEscalation != false (x)'


@dataclass(frozen=True)
class Faulty:
    """A namespace of an embedded cluster whose answers to dry runs are the test's."""

    server: KubernetesServer
    place: Place

    def answers(self, found: ApiError | web.StreamResponse | None, path: str = "") -> None:
        """Dry runs at such paths are answered so; None: not for a long time."""

        async def meets(request: web.Request) -> web.StreamResponse | None:
            if path not in request.path or "dryRun" not in request.query:
                return None
            if found is None:
                await asyncio.sleep(60)
            return refused(found) if isinstance(found, ApiError) else found

        self.server.meets = meets

    def warns(self, *warnings: str, without: bool = False) -> None:
        """Dry runs are taken with these warnings; `without` the right to read the namespace."""

        async def meets(request: web.Request) -> web.StreamResponse | None:
            if without and request.path == "/api/v1/namespaces/shop":
                return refused(ApiError(403, "Forbidden", "you may not"))
            if "dryRun" not in request.query:
                return None
            response = answered({"kind": "Taken", "metadata": {}}, 200)
            for each in warnings:
                words = each.replace('"', '\\"')
                response.headers.add("Warning", f'299 - "{words}"')
            return response

        self.server.meets = meets


@pytest.fixture
async def faulty(tmp_path: Path) -> AsyncIterator[Faulty]:
    async with KubernetesServer(pace=Pace.instant()) as server:
        (tmp_path / "kubeconfig").write_text(server.kubeconfig())
        async with Cluster(ClusterAccess(tmp_path / "kubeconfig")) as cluster:
            await cluster.create("v1", "Namespace", None, {"metadata": {"name": "shop"}})
            yield Faulty(server, Place(cluster, "shop"))


@pytest.mark.parametrize(
    ("error", "untried"),
    [
        (ApiError(409, "AlreadyExists", "it is there"), ""),
        (
            ApiError(409, "Conflict", "the object has been modified"),
            "ConfigMap shop-env could not be tried: it changes right now",
        ),
        (
            ApiError(400, "BadRequest", 'admission webhook "old.example.org" does not support dry run'),
            "ConfigMap shop-env could not be tried: webhook old.example.org knows no dry run",
        ),
    ],
)
async def test_what_says_nothing_of_the_change_refuses_nothing(
    faulty: Faulty, error: ApiError, untried: str
) -> None:
    faulty.answers(error)
    assert await faulty.place.trial([], config()) == Trial(untried=untried)


async def test_a_server_that_gives_no_answer_is_said_to_have_given_none(faulty: Faulty) -> None:
    faulty.answers(web.Response(status=200, text="<html>"))
    found = await faulty.place.trial([], config())
    assert found.untried.startswith("ConfigMap shop-env could not be tried: ")
    assert found == Trial(untried=found.untried)


async def test_what_takes_too_long_is_counted(faulty: Faulty, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trying, "ALL", 0.5)
    faulty.answers(None, "/configmaps/late")
    found = await faulty.place.trial([], config("late") + config("other", MODE=5))
    assert found.untried == "Of 2 objects 1 could not be tried within 0 s"


async def test_nothing_is_asked_where_nothing_changes(faulty: Faulty) -> None:
    before = await faulty.place.applied(config())
    faulty.answers(ApiError(500, "InternalError", "asked all the same"))
    assert await faulty.place.trial(before, config()) == Trial()


async def test_what_goes_into_a_namespace_of_the_plan_is_not_missing_one(faulty: Faulty) -> None:
    inside = config().replace("metadata:\n", "metadata:\n  namespace: new\n")
    assert await faulty.place.trial([], rendered("v1", "Namespace", "new") + inside) == Trial()


BINDING = rendered(
    "rbac.authorization.k8s.io/v1",
    "RoleBinding",
    "reads",
    roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"},
)
ROLE = rendered("rbac.authorization.k8s.io/v1", "Role", "reader")


async def test_a_role_that_the_plan_makes_first_is_not_missing(faulty: Faulty) -> None:
    faulty.answers(ApiError(404, "NotFound", 'roles "reader" not found'), "/rolebindings/")
    assert await faulty.place.trial([], ROLE + BINDING) == Trial()
    hooks = faulty.place.objects(ROLE)
    assert await faulty.place.trial([], BINDING, hooks=hooks) == Trial()
    assert (await faulty.place.trial([], ROLE.replace("reader", "other") + BINDING)).is_refused


async def test_a_hook_that_is_still_there_leaves_its_place_in_a_quota(faulty: Faulty) -> None:
    hooks = faulty.place.objects(job())
    faulty.answers(ApiError(403, "Forbidden", QUOTA), "/jobs")
    (refusal,) = (await faulty.place.trial([], "", hooks=hooks)).refusals
    assert (refusal.what, refusal.heals) == ("Job migrate", True)
    await faulty.place.cluster.create("batch/v1", "Job", "shop", hooks[0].object)
    assert await faulty.place.trial([], "", hooks=hooks) == Trial()


async def test_once_taken_over_no_answer_may_come(faulty: Faulty) -> None:
    before = await faulty.place.applied(deployment(2))
    await faulty.place.scaled(5)

    async def meets(request: web.Request) -> web.StreamResponse | None:
        return web.Response(text="<html>") if request.query.get("force") == "true" else None

    faulty.server.meets = meets
    found = await faulty.place.trial(before, deployment(3))
    assert [each.manager for each in found.contests] == ["kubectl"]
    assert found.untried.startswith("Deployment shop could not be tried: ")


ENFORCE = "pod-security.kubernetes.io/enforce"


@pytest.mark.parametrize(
    ("labels", "is_refused"),
    [
        ({ENFORCE: "restricted"}, True),
        ({ENFORCE: "restricted", f"{ENFORCE}-version": "latest"}, True),
        ({ENFORCE: "restricted", f"{ENFORCE}-version": "v1.25"}, False),
        ({ENFORCE: "baseline"}, False),
        ({}, False),
    ],
)
async def test_pods_that_the_namespace_will_not_let_in_are_as_good_as_refused(
    faulty: Faulty, labels: dict[str, str], is_refused: bool
) -> None:
    await faulty.place.cluster.patch(Ref("v1", "Namespace", "shop"), {"metadata": {"labels": labels}})
    faulty.warns("old API", VIOLATES)
    found = await faulty.place.trial([], deployment())
    told = "Deployment shop: The namespace forbids its settings: allowPrivilegeEscalation"
    assert [each.sentence for each in found.refusals] == ([told] if is_refused else [])
    assert found.warnings == ("Deployment shop: old API", *(() if is_refused else (told,)))


async def test_a_namespace_that_may_not_be_read_is_not_known_to_keep_anything_out(faulty: Faulty) -> None:
    faulty.warns(VIOLATES, without=True)
    pod = rendered("v1", "Pod", "one", spec={"containers": [{"name": "a", "image": "b"}]})
    found = await faulty.place.trial([], deployment() + pod)
    assert [each.partition(":")[0] for each in found.warnings] == ["Deployment shop", "Pod one"]
    assert found.refusals == ()


async def test_a_record_that_is_none_of_helms_is_gone_on_from_as_helm_does(faulty: Faulty) -> None:
    body = {"metadata": {"name": "sh.helm.release.v1.shop.v7"}, "data": {"release": "bm9uc2Vuc2U="}}
    await faulty.place.cluster.create("v1", "Secret", "shop", body)
    assert await applied_by_server(faulty.place.cluster, faulty.place.site, 7)
    await faulty.place.recorded(8)
    assert not await applied_by_server(faulty.place.cluster, faulty.place.site, 8)


def past(status: str | None) -> Past:
    return Past([Revision(4, status, NOW, "shop", "1.4.0", "v1.1")] if status else [], {})


def hook(events: str, name: str = "migrate") -> str:
    return job(name).replace("pre-upgrade", events)


@pytest.mark.parametrize(
    ("status", "revision", "run", "makes"),
    [
        (None, None, ["installs"], True),
        ("uninstalled", None, ["installs"], True),
        ("deployed", 4, ["upgrades"], False),
    ],
)
def test_a_deploy_sends_its_objects_and_the_hooks_of_an_install_or_upgrade(
    tmp_path: Path, status: str | None, revision: int | None, run: list[str], makes: bool
) -> None:
    target = with_namespace(configured(tmp_path, "release: shop"), True)
    place = Place(None, "shop")  # type: ignore[arg-type]
    hooks = place.objects(hook("pre-install", "installs") + hook("post-upgrade,test", "upgrades"))
    live = Live(past(status), None, None, place.objects(config("old")), ())
    made = Rendering(place.objects(config("new")), hooks, (), record=9)
    found = deploying(target, live, made, frozenset({("example.org", "Thing")}))
    assert found == Planned(
        live.objects, made.objects, revision, makes_namespace=makes, record=9,
        brings=frozenset({("example.org", "Thing")}), hooks=[each for each in hooks if each.key.name in run],
    )  # fmt: skip
    assert not deploying(with_namespace(target, False), live, made).makes_namespace


def with_namespace(target: Target, makes: bool) -> Target:
    environment = target.environment.model_copy(update={"create_namespace": makes})
    return replace(target, environment=environment)


def test_a_rollback_sends_what_the_revision_had_and_its_own_hooks() -> None:
    place = Place(None, "shop")  # type: ignore[arg-type]
    hooks = place.objects(hook("pre-upgrade", "upgrades") + hook("post-rollback", "returns"))
    live = Live(past("deployed"), None, None, place.objects(config("old")), ())
    then = Rendering(place.objects(config("new")), hooks, ())
    assert returning(live, then, 3) == Planned(live.objects, then.objects, 3, returns=True, hooks=[hooks[1]])
