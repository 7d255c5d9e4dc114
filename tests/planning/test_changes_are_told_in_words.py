from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wcwidth import wcswidth

from bot.planning.differences import compare, count_lines, field_changes, unified
from bot.planning.manifests import Manifest, ObjectKey
from bot.planning.summary import hook_lines, summarise
from tests.planning.objects import deployment, objects

DIGEST = "sha256:4f1c" + "0" * 58 + "9a"
OTHER = "sha256:77aa" + "0" * 58 + "01"


def lines(old: str, new: str) -> list[str]:
    """The summary, with ⚠ before warnings."""
    found = summarise(compare(objects(old), objects(new)))
    return [f"⚠ {line.text}" if line.weight == "warning" else line.text for line in found]


def config_map(data: str, kind: str = "ConfigMap") -> str:
    return f"---\napiVersion: v1\nkind: {kind}\nmetadata: {{name: shop-env}}\ndata: {data}\n"


def service(ports: str, kind: str = "ClusterIP") -> str:
    return f"---\napiVersion: v1\nkind: Service\nmetadata: {{name: shop}}\nspec: {{type: {kind}, ports: {ports}}}\n"


def named(kind: str, name: str = "x", more: str = "", api: str = "v1") -> str:
    return f"---\napiVersion: {api}\nkind: {kind}\nmetadata: {{name: {name}}}\n{more}\n"


def test_an_image_change_is_one_line_however_many_containers_use_it() -> None:
    old = deployment("r/shop:v1.1") + deployment("r/shop:v1.1", name="worker")
    new = deployment("r/shop:v1.2") + deployment("r/shop:v1.2", name="worker")
    assert lines(old, new) == ["image v1.1 → v1.2"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("r/shop:v1", f"r/shop:v2@{DIGEST}", "image v1 → v2 · 4f1c…9a"),
        (f"r/shop:v1@{OTHER}", f"r/shop:v1@{DIGEST}", "image v1 rebuilt · 4f1c…9a"),
        ("r/shop:v1", f"r/shop:v1@{DIGEST}", "image v1 · 4f1c…9a"),
        (f"r/shop:v1@{DIGEST}", "r/shop:v1", "image v1: no longer pinned"),
        (f"r/shop@{OTHER}", f"r/shop@{DIGEST}", "image 77aa…01 → 4f1c…9a"),
        ("localhost:5000/shop:v1", "localhost:5000/shop:v2", "image v1 → v2"),
        ("localhost:5000/shop", "localhost:5000/shop:v2", "image latest → v2"),
        ("a.example/shop:v1", "b.example/shop:v2", "image v1 → v2, now from b.example"),
        ("nginx:1.25", "apache:2", "image nginx:1.25 → apache:2"),
    ],
)
def test_an_image_change_is_told_by_what_people_know_it_by(old: str, new: str, words: str) -> None:
    assert lines(deployment(old), deployment(new)) == [words]


def test_several_images_are_told_apart_by_name() -> None:
    side = "      - {{name: proxy, image: 'r/proxy:{}'}}"
    old = deployment("r/shop:v1", more=side.format("1.0"))
    new = deployment("r/shop:v2", more=side.format("1.1"))
    assert lines(old, new) == ["image shop v1 → v2", "image proxy 1.0 → 1.1"]


def test_a_container_more_or_less_is_named() -> None:
    side = deployment(more="      - {name: proxy, image: 'r/proxy:1'}")
    assert lines(deployment(), side) == ["shop: container proxy added"]
    assert lines(side, deployment()) == ["shop: container proxy removed"]


def test_containers_that_are_no_list_are_counted_as_fields() -> None:
    old, new = (
        deployment().replace("containers:", f"initContainers: {{a: {n}}}\n      containers:") for n in (1, 2)
    )
    assert lines(old, new) == ["shop: a 1 → 2"]


def test_replicas_are_told_with_their_workload() -> None:
    assert lines(deployment(replicas=2), deployment(replicas=3)) == ["shop: replicas 2 → 3"]


def test_changed_keys_of_a_config_map_are_counted() -> None:
    assert lines(config_map("{a: '1', b: '2', c: '3'}"), config_map("{a: '9', b: '2', d: '4'}")) == [
        "ConfigMap shop-env: 3 keys"
    ]
    assert lines(named("ConfigMap", "shop-env"), config_map("{a: '1'}")) == ["ConfigMap shop-env: 1 key"]


def test_a_secrets_value_is_never_in_the_words() -> None:
    found = lines(config_map("{p: aHVudGVyMg==}", "Secret"), config_map("{p: b3RoZXI=}", "Secret"))
    assert found == ["Secret shop-env: 1 key"]


@pytest.mark.parametrize("name", ["name: http, ", ""])
def test_another_service_port_is_a_warning(name: str) -> None:
    old, new = (service(f"[{{{name}port: {port}, targetPort: http}}]") for port in (80, 8080))
    assert lines(old, new) == ["⚠ Service port 80 → 8080: clients may break"]


def test_a_lost_service_port_and_another_type_are_warnings() -> None:
    two = service("[{name: http, port: 80}, {name: admin, port: 81}]")
    assert lines(two, service("[{name: http, port: 80}]")) == [
        "⚠ Service shop loses a port: clients may break"
    ]
    assert lines(service("[]"), service("[]", "NodePort")) == ["⚠ Service type ClusterIP → NodePort"]


def test_hosts_of_an_ingress_are_told() -> None:
    def ingress(*hosts: str) -> str:
        rules = ", ".join(f"{{host: {host}}}" for host in hosts)
        return named("Ingress", "shop", f"spec: {{rules: [{rules}]}}", "networking.k8s.io/v1")

    assert lines(ingress("a.example"), ingress("b.example")) == ["⚠ Ingress host a.example → b.example"]
    assert lines(ingress("a.example", "b.example"), ingress("a.example")) == [
        "⚠ Ingress shop loses 1 host: b.example"
    ]
    assert lines(ingress("a.example"), ingress("a.example", "b.example")) == [
        "⚠ Ingress shop: its rules change"
    ]


def test_added_and_removed_objects_are_named_or_counted() -> None:
    assert lines("", named("Job", "a", api="batch/v1")) == ["Job a added"]
    policies = "".join(named("NetworkPolicy", name, api="networking.k8s.io/v1") for name in "abc")
    assert lines("", policies) == ["3 NetworkPolicies added"]
    assert lines(policies, "") == ["3 NetworkPolicies removed"]
    ingresses = "".join(named("Ingress", name, api="networking.k8s.io/v1") for name in "abc")
    assert lines("", ingresses) == ["3 Ingresses added"]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("PersistentVolumeClaim", "and its data go away"),
        ("StatefulSet", "and its pods go away"),
        ("CustomResourceDefinition", "goes away, and every object of it in the cluster with it"),
        ("Namespace", "and everything in it go away"),
    ],
)
def test_removing_what_holds_data_is_a_warning(kind: str, words: str) -> None:
    assert lines(named(kind), "") == [f"⚠ {kind} x {words}"]


def test_what_helm_keeps_leaves_the_release_but_stays() -> None:
    kept = """
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: x, annotations: {helm.sh/resource-policy: keep}}
    """
    assert lines(kept, "") == ["PersistentVolumeClaim x leaves the release but stays"]


@pytest.mark.parametrize(
    ("kind", "old", "new", "path"),
    [
        ("Deployment", "spec: {selector: {a: b}}", "spec: {selector: {a: c}}", "selector"),
        ("Job", "spec: {template: {a: b}}", "spec: {template: {a: c}}", "template"),
        ("Service", "spec: {clusterIP: 10.0.0.1}", "spec: {clusterIP: None}", "clusterIP"),
        ("StatefulSet", "spec: {serviceName: a}", "spec: {serviceName: b}", "serviceName"),
        (
            "PersistentVolumeClaim",
            "spec: {storageClassName: a}",
            "spec: {storageClassName: b}",
            "storageClassName",
        ),
        ("RoleBinding", "roleRef: {name: a}", "roleRef: {name: b}", "roleRef.name"),
        ("Secret", "type: Opaque", "type: kubernetes.io/tls", "type"),
        ("ConfigMap", "immutable: true\ndata: {a: b}", "immutable: true\ndata: {a: c}", "data.a"),
    ],
)
def test_what_cannot_change_in_place_is_warned_of(kind: str, old: str, new: str, path: str) -> None:
    assert f"⚠ {kind} x: {path} can't change in place" in lines(named(kind, more=old), named(kind, more=new))


def test_a_stateful_set_may_change_its_template() -> None:
    old, new = (
        named(
            "StatefulSet", more=f"spec: {{template: {{spec: {{containers: [{{name: a, image: 'a:{n}'}}]}}}}}}"
        )
        for n in (1, 2)
    )
    assert lines(old, new) == ["image 1 → 2"]


def test_custom_resources_are_told_by_their_fields() -> None:
    old = named("Postgres", "db", "spec: {image: 'pg:15', size: 1}", "db.example/v1")
    new = named("Postgres", "db", "spec: {image: 'pg:16', size: 3}", "db.example/v1")
    assert lines(old, new) == ["Postgres db: image pg:15 → pg:16", "Postgres db: size 1 → 3"]
    many = named("Postgres", "db", "spec: {image: 'pg:16', size: 3, a: 1, b: {c: [2]}}", "db.example/v1")
    assert lines(old, many) == ["Postgres db: 4 fields"]


@pytest.mark.parametrize(
    "name", ["password", "dbPassword", "apiToken", "clientSecret", "privateKey", "credentials"]
)
def test_a_field_that_sounds_secret_is_named_without_its_values(name: str) -> None:
    old, new = (named("Postgres", "db", f"spec: {{{name}: canary-{n}}}", "db.example/v1") for n in (1, 2))
    assert lines(old, new) == [f"Postgres db: {name} changed"]


def test_variables_are_named_or_counted_without_their_values() -> None:
    env = "        env: [{{name: A, value: '{}'}}, {{name: B, value: '{}'}}]"
    old, one, two = (deployment(more=env.format(a, b)) for a, b in ((1, 1), (2, 1), (2, 2)))
    assert lines(old, one) == ["shop: variable A"]
    assert lines(old, two) == ["shop: 2 variables"]


def test_resources_are_told_with_their_values() -> None:
    old, new = (
        deployment(more=f"        resources: {{limits: {{memory: {memory}}}}}")
        for memory in ("256Mi", "512Mi")
    )
    assert lines(old, new) == ["shop: limits.memory 256Mi → 512Mi"]


def test_what_follows_from_other_changes_is_not_told() -> None:
    old, new = (
        deployment(f"r/shop:v{n}").replace(
            "labels: {app: shop}",
            f"labels: {{app: shop, helm.sh/chart: shop-{n}, app.kubernetes.io/version: v{n}}}, "
            f"annotations: {{checksum/config: c{n}}}",
        )
        for n in (1, 2)
    )
    assert lines(old, new) == ["image v1 → v2"]


def test_a_workload_that_only_restarts_is_told_so() -> None:
    old, new = (
        deployment().replace("labels: {app: shop}", f"annotations: {{checksum/config: c{n}}}") for n in (1, 2)
    )
    data = [config_map(f"{{a: '{n}'}}") for n in (1, 2)]
    assert lines(data[0] + old, data[1] + new) == ["ConfigMap shop-env: 1 key", "shop restarts"]


def test_a_change_of_labels_alone_is_still_told() -> None:
    old, new = (
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, labels: {{helm.sh/chart: shop-{n}}}}}\n"
        for n in (1, 2)
    )
    assert lines(old, new) == ["only labels and annotations"]


def test_no_change_has_no_lines() -> None:
    assert lines(deployment(), deployment()) == []


def test_the_order_of_named_lists_is_no_change() -> None:
    a, b = "{name: A, value: '1'}", "{name: B, value: '2'}"
    assert (
        lines(deployment(more=f"        env: [{a}, {b}]"), deployment(more=f"        env: [{b}, {a}]")) == []
    )


def test_hooks_are_told_by_when_they_run() -> None:
    text = "".join(
        named(kind, "shop-migrate", api=api).replace(
            "{name: shop-migrate}", f'{{name: shop-migrate, annotations: {{helm.sh/hook: "{events}"}}}}'
        )
        for kind, api, events in (
            ("Job", "batch/v1", "pre-install,pre-upgrade"),
            ("Pod", "v1", "test"),
            ("ConfigMap", "v1", "pre-upgrade"),
            ("CronJob", "batch/v1", "post-install"),
            ("Pod", "v1", "post-upgrade"),
            ("Pod", "v1", "post-install"),
        )
    )
    told = ["Job shop-migrate runs first", "Pod shop-migrate runs afterwards"]
    assert [line.text for line in hook_lines(objects(text), upgrade=True)] == told
    assert [line.text for line in hook_lines(objects(text), upgrade=False)] == told


def test_a_hook_may_run_both_before_and_after() -> None:
    text = named("Job", more="", api="batch/v1").replace(
        "{name: x}", "{name: x, annotations: {helm.sh/hook: 'post-upgrade,pre-upgrade'}}"
    )
    assert [line.text for line in hook_lines(objects(text), upgrade=True)] == [
        "Job x runs first",
        "Job x runs afterwards",
    ]
    assert hook_lines(objects(text), upgrade=False) == []


def test_the_usual_lines_fit_a_phone() -> None:
    old = deployment("r/shop:v1.1", replicas=2) + config_map("{a: '1', b: '1'}") + service("[{port: 80}]")
    new = deployment("r/shop:v1.2", replicas=3) + config_map("{a: '2', b: '2'}") + service("[{port: 81}]")
    found = summarise(compare(objects(old), objects(new)))
    assert [line.text for line in found if wcswidth(f"• {line.text}") > 30 and line.weight == "change"] == []


def test_the_diff_is_of_yaml_and_its_lines_are_counted() -> None:
    diff = unified(compare(objects(deployment(replicas=2)), objects(deployment(replicas=3))))
    assert "-  replicas: 2\n+  replicas: 3\n" in diff
    assert diff.startswith("--- live/Deployment shop\n+++ plan/Deployment shop\n")
    assert count_lines(diff) == (1, 1)


def test_odd_shapes_are_compared_without_an_error() -> None:
    shapes: list[Any] = [5, "x", [], [1], {}, {"a": [{"name": [1]}]}, None, [{"name": "a"}, {"name": "a"}]]
    for old in shapes:
        for new in shapes:
            texts = [
                dedent(
                    f"apiVersion: v1\nkind: Service\nmetadata: {{name: a}}\nspec: {value!r}\n".replace(
                        "None", "~"
                    )
                )
                for value in (old, new)
            ]
            summarise(compare(objects(texts[0]), objects(texts[1])))


def test_a_list_that_names_something_twice_is_no_change() -> None:
    twice = {"ports": [{"name": "dns", "port": 53}, {"name": "dns", "port": 53, "protocol": "UDP"}]}
    assert list(field_changes(twice, {"ports": [dict(each) for each in twice["ports"]]})) == []


FIELDS = st.sampled_from(
    ["spec", "template", "containers", "name", "image", "env", "resources", "rules", "ports", "port"]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda below: st.dictionaries(FIELDS, below, max_size=4) | st.lists(below, max_size=3),
    max_leaves=20,
)


@settings(deadline=None)
@given(
    st.sampled_from(["Deployment", "Service", "Ingress", "ConfigMap", "StatefulSet", "Pod"]),
    ANYTHING,
    ANYTHING,
)
def test_objects_of_any_shape_are_told(kind: str, old: Any, new: Any) -> None:
    key = ObjectKey("", kind, "shop-staging", "x")
    one, two = (
        {"apiVersion": "v1", "kind": kind, "metadata": {"name": "x"}, "spec": each} for each in (old, new)
    )
    changes = compare([Manifest(key, one)], [Manifest(key, two)])
    assert bool(summarise(changes)) == bool(changes)
    assert bool(unified(changes)) == bool(changes)
