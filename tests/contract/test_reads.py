"""Reading: pages, selectors, the forms in which a client may want objects, and what the server tells of itself."""

from typing import Any

import pytest

from bot.cluster import Ref
from bot.cluster.errors import ClusterRefused
from tests.contract import objects
from tests.contract.asking import Answer, Both, Object, Side
from tests.contract.waiting import until

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
METADATA = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json"
ONE_METADATA = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json"


async def some_config_maps(side: Side) -> None:
    for number, name in enumerate(("a", "b", "c", "d", "e")):
        body = objects.config_map(name)
        body["metadata"]["labels"] = {"parity": "odd" if number % 2 else "even", name: "yes"}
        assert (await side.create("v1/configmaps", body)).code == 201


def names(answer: Answer) -> list[str]:
    return [item["metadata"]["name"] for item in answer.body["items"]]


async def test_a_long_list_comes_in_pages(both: Both) -> None:
    async def pages(side: Side) -> list[Any]:
        await some_config_maps(side)
        found, query = [], {"limit": "2", "labelSelector": "parity"}
        while True:
            page = await side.get("v1/configmaps", **query)
            metadata = page.body["metadata"]
            found.append([names(page), bool(metadata.get("continue")), metadata.get("remainingItemCount")])
            if not metadata.get("continue"):
                return found
            query["continue"] = metadata["continue"]

    assert len(await both.agree(pages)) == 3


async def test_pages_are_of_one_moment(both: Both) -> None:
    async def pages(side: Side) -> list[Any]:
        await some_config_maps(side)
        first = await side.get("v1/configmaps", limit="2")
        await side.delete("v1/configmaps/a")
        await side.delete("v1/configmaps/d")
        await side.create("v1/configmaps", objects.config_map("bb"))
        rest = await side.get(
            "v1/configmaps", **{"limit": "9", "continue": first.body["metadata"]["continue"]}
        )
        same = first.body["metadata"]["resourceVersion"] == rest.body["metadata"]["resourceVersion"]
        return [names(first), [name for name in names(rest) if "kube" not in name], same]

    await both.agree(pages)


async def test_a_token_that_is_none_is_refused(both: Both) -> None:
    code, _, _ = await both.agree(
        lambda side: refused(side, "v1/configmaps", **{"continue": "nonsense", "limit": "2"})
    )
    assert code == 400


LABELS = (
    "parity=odd",
    "parity==odd",
    "parity!=odd",
    "parity in (odd,none)",
    "parity notin (odd),a!=yes",
    "b",
    "!parity",
    "parity=odd,b=yes",
    "parity=",
    "",
)


@pytest.mark.parametrize("selector", LABELS)
async def test_labels_select(both: Both, selector: str) -> None:
    async def selected(side: Side) -> list[str]:
        await some_config_maps(side)
        return [
            name
            for name in names(await side.get("v1/configmaps", labelSelector=selector))
            if "kube" not in name
        ]

    await both.agree(selected)


@pytest.mark.parametrize("selector", ["parity=(", "a b", "parity in odd", "-a=b"])
async def test_a_label_selector_that_is_none_is_refused(both: Both, selector: str) -> None:
    code, body, _ = await both.agree(lambda side: refused(side, "v1/pods", labelSelector=selector))
    assert code == 400, body


async def refused(side: Side, what: str, **query: str) -> Answer:
    """The refusal without the words of the selectors' parser, which are Go's own."""
    answer = await side.get(what, **query)
    words = answer.body.get("message", "").partition(":")[0]
    return Answer(answer.code, {**answer.body, "message": words})


FIELDS = {
    "v1/configmaps": ("metadata.name=a", "metadata.name!=a", "metadata.namespace=none", "data.colour=blue"),
    "v1/pods": (
        "status.phase=Running",
        "spec.nodeName=",
        "status.podIP=",
        "spec.schedulerName=mine",
        "spec.none=a",
    ),
    "v1/events": ("involvedObject.kind=Pod,reason=Tried", "type!=Normal", "message=a"),
    "apps/v1/deployments": ("metadata.name=web", "spec.replicas=1"),
    "v1/secrets": ("type=Opaque", "type!=Opaque", "data=a"),
    "batch/v1/jobs": ("status.successful=0", "status.failed=0"),
}


@pytest.mark.parametrize(("what", "selector"), [(what, each) for what in FIELDS for each in FIELDS[what]])
async def test_fields_select_where_a_kind_lets_them(both: Both, what: str, selector: str) -> None:
    async def selected(side: Side) -> Any:
        await some_config_maps(side)
        await side.create("v1/secrets", {"metadata": {"name": "plain"}})
        await side.create("v1/secrets", {"metadata": {"name": "other"}, "type": "example.org/other"})
        answer = await side.get(what, fieldSelector=selector)
        if answer.code >= 400:
            return answer
        return [name for name in names(answer) if "kube" not in name]

    await both.agree(selected)


async def test_items_say_nothing_of_their_kind_and_the_list_does(both: Both) -> None:
    async def listed(side: Side) -> Answer:
        await side.create("v1/services", objects.service())
        return await side.get("v1/services")

    _, body, _ = await both.agree(listed)
    assert (body["kind"], "kind" in body["items"][0]) == ("ServiceList", False)


async def test_metadata_alone_is_a_kind_of_its_own(both: Both) -> None:
    async def asked(side: Side) -> list[Answer]:
        await side.create("v1/configmaps", objects.config_map())
        return [
            await side.ask("GET", "v1/configmaps/web", accept=ONE_METADATA),
            await side.ask(
                "GET", "v1/configmaps", accept=METADATA, query={"fieldSelector": "metadata.name=web"}
            ),
        ]

    await both.agree(asked)


TABLES: dict[str, tuple[str, Object]] = {
    "deployments": ("apps/v1", objects.workload(replicas=0, paused=True)),
    "replicasets": ("apps/v1", objects.workload(replicas=0)),
    "statefulsets": ("apps/v1", objects.stateful_set(replicas=0)),
    "jobs": ("batch/v1", objects.job(suspend=True)),
    "cronjobs": ("batch/v1", objects.cron_job(suspend=True)),
    "services": ("v1", objects.service()),
    "configmaps": ("v1", objects.config_map()),
    "secrets": ("v1", {"metadata": {"name": "web"}, "stringData": {"a": "1", "b": "2"}}),
    "serviceaccounts": ("v1", {"metadata": {"name": "web"}}),
    "persistentvolumeclaims": ("v1", objects.claim()),
    "ingresses": ("networking.k8s.io/v1", objects.ingress(ingressClassName="none")),
    "networkpolicies": ("networking.k8s.io/v1", {"metadata": {"name": "web"}, "spec": {"podSelector": {}}}),
    "horizontalpodautoscalers": ("autoscaling/v2", objects.autoscaler()),
    "poddisruptionbudgets": ("policy/v1", objects.budget()),
    "roles": ("rbac.authorization.k8s.io/v1", objects.role()),
    "rolebindings": ("rbac.authorization.k8s.io/v1", objects.binding()),
    "resourcequotas": ("v1", objects.quota(pods="3")),
    "limitranges": ("v1", {"metadata": {"name": "web"}, "spec": {"limits": []}}),
    "events": (
        "v1",
        {
            "metadata": {"name": "web"},
            "involvedObject": {"kind": "Pod", "name": "web"},
            "reason": "Tried",
            "message": "It was tried.",
            "type": "Normal",
            "count": 3,
        },
    ),
    "leases": ("coordination.k8s.io/v1", {"metadata": {"name": "web"}, "spec": {"holderIdentity": "me"}}),
}


@pytest.mark.parametrize("plural", TABLES)
async def test_a_table_has_the_same_columns_and_cells(both: Both, plural: str) -> None:
    version, body = TABLES[plural]

    async def asked(side: Side) -> Any:
        made = dict(body)
        if plural == "events":
            made["involvedObject"] = {**made["involvedObject"], "namespace": side.namespace}
        answer = await side.create(f"{version}/{plural}", made)
        assert answer.code == 201, answer
        if plural in SETTLED:
            await until(side, f"{version}/{plural}", SETTLED[plural], fieldSelector="metadata.name=web")
        query = {"fieldSelector": "metadata.name=web"}
        answer = await side.ask("GET", f"{version}/{plural}", accept=TABLE, query=query)
        return [[column_of(each) for each in answer.body["columnDefinitions"]], rows_of(side, answer)]

    await both.agree(asked)


def has_status(field: str) -> Any:
    return lambda items: bool(items) and field in (items[0].get("status") or {})


SETTLED: dict[str, Any] = {
    "deployments": has_status("observedGeneration"),
    "replicasets": has_status("observedGeneration"),
    "statefulsets": has_status("observedGeneration"),
    "jobs": has_status("conditions"),
    "resourcequotas": has_status("used"),
}
"""What controllers have to say first."""


def column_of(definition: Object) -> list[Any]:
    return [definition[name] for name in ("name", "type", "format", "priority")]


def rows_of(side: Side, answer: Answer) -> list[Any]:
    """The rows without the managers in them, and without the ages, which are a second or two."""
    rows = []
    for row in answer.body["rows"]:
        metadata = {
            name: value for name, value in row["object"]["metadata"].items() if name in ("name", "namespace")
        }
        cells = ["(age)" if str(cell) in AGES else cell for cell in row["cells"]]
        rows.append([cells, {**row["object"], "metadata": metadata}])
    return rows


AGES = {f"{seconds}s" for seconds in range(60)}


async def test_a_table_of_nothing_has_its_columns_all_the_same(both: Both) -> None:
    async def asked(side: Side) -> Any:
        answer = await side.ask("GET", "batch/v1/jobs", accept=TABLE)
        return [[column_of(each) for each in answer.body["columnDefinitions"]], answer.body["rows"]]

    _, rows = await both.agree(asked)
    assert rows == []


async def test_the_bot_s_own_reads_see_the_same(both: Both) -> None:
    async def read(side: Side) -> list[Any]:
        cluster, namespace = side.cluster, side.namespace
        await cluster.create("v1", "ConfigMap", namespace, objects.config_map())
        ref = Ref("v1", "ConfigMap", "web", namespace)
        with pytest.raises(ClusterRefused) as refused:
            await cluster.list("example.org/v1", "Thing", namespace)
        return [
            await cluster.get(ref),
            await cluster.metadata_of(ref),
            await cluster.get(Ref("v1", "ConfigMap", "none", namespace)),
            await cluster.list("v1", "ConfigMap", namespace, fields="metadata.name=web"),
            [each["metadata"]["name"] for each in await cluster.metadata("v1", "ConfigMap", namespace)],
            [refused.value.code, refused.value.words],
            await cluster.version() != "",
            len(await cluster.uid()) == 36,
        ]

    await both.agree(read)


MISSING: dict[str, str] = {
    "an object": "v1/configmaps/none",
    "an object in a group": "apps/v1/deployments/none",
    "an object in a namespace there is not": "/api/v1/namespaces/nowhere/configmaps/none",
    "a kind": "v1/things",
    "a kind's object": "v1/things/none",
    "a group": "example.org/v1/things",
    "a version": "apps/v9/deployments",
    "a group's kinds": "/apis/example.org/v1",
    "a version's kinds": "/apis/apps/v9",
    "a group itself": "/apis/example.org",
    "another core version": "/api/v9/pods",
    "a subresource": "v1/configmaps/web/log",
    "a log of no pod": "v1/pods/none/log",
    "a scale of nothing": "apps/v1/deployments/none/scale",
    "a path": "/nowhere",
    "a cluster's kind in a namespace": "v1/nodes",
}


@pytest.mark.parametrize("what", MISSING)
async def test_what_is_missing_is_told_in_the_same_words(both: Both, what: str) -> None:
    answer = await both.agree(lambda side: side.get(MISSING[what]))
    assert answer[0] == 404


async def test_a_list_of_a_namespace_there_is_not_is_empty(both: Both) -> None:
    code, body, _ = await both.agree(lambda side: side.get("/api/v1/namespaces/nowhere/pods"))
    assert (code, body["items"]) == (200, [])
