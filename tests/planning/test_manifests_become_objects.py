from textwrap import dedent
from typing import Any

import pytest

from bot.planning.documents import load_all
from bot.planning.errors import PlanRefused
from bot.planning.manifests import Manifest, ObjectKey, annotations, images, key_of, parse, pod_template

FILE = "shop/templates/all.yaml"


def keys(text: str) -> list[ObjectKey]:
    return [each.key for each in parse({FILE: dedent(text)}, "shop-staging")]


def refused(files: dict[str, str]) -> PlanRefused:
    with pytest.raises(PlanRefused) as caught:
        parse({name: dedent(text) for name, text in files.items()}, "shop-staging")
    return caught.value


def config_map(name: str = "a", annotations: str = "{}") -> str:
    metadata = f"{{name: {name}, annotations: {annotations}}}"
    return f"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {metadata}\n"


def test_invalid_yaml_is_refused_with_file_and_line() -> None:
    error = refused({FILE: "apiVersion: v1\nkind: ConfigMap\nmetadata:\n\tname: x\n"})
    assert error.words == "The chart renders invalid YAML"
    assert error.where == f"{FILE}, line 4 of the rendered text"
    assert error.quote == "found character that cannot start any token"


def test_two_objects_of_one_name_are_refused_naming_both_files() -> None:
    error = refused({"a.yaml": config_map(), "b.yaml": config_map()})
    assert (error.words, error.where) == ("The chart makes ConfigMap a twice", "a.yaml and b.yaml")
    assert error.advice == "Give one of them another name"
    assert refused({FILE: config_map() * 2}).where == FILE


def test_the_same_name_in_two_namespaces_is_two_objects() -> None:
    other = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: other}\n"
    found = parse({"a.yaml": config_map(), "b.yaml": other}, "shop-staging")
    assert [each.key.namespace for each in found] == ["shop-staging", "other"]


def test_hooks_of_one_name_at_different_events_are_allowed() -> None:
    hooks = [
        config_map(annotations=f'{{helm.sh/hook: "{event}"}}') for event in ("pre-install", "pre-upgrade")
    ]
    found = parse({FILE: "".join(hooks)}, "shop-staging")
    assert [each.hook_events for each in found] == [("pre-install",), ("pre-upgrade",)]


def test_hooks_of_one_name_at_the_same_event_are_refused() -> None:
    hook = config_map(annotations='{helm.sh/hook: "pre-install,pre-upgrade"}')
    assert "twice" in refused({FILE: hook + hook}).words


def test_generated_names_never_collide() -> None:
    job = "---\napiVersion: batch/v1\nkind: Job\nmetadata: {generateName: load-}\n"
    assert [key.name for key in keys(job * 3)] == ["load-*", "load-*1", "load-*2"]


NO_MAPPING = "Each document should be a mapping"
NO_KIND = "Each document needs apiVersion and kind"
NO_METADATA = "metadata should be a mapping"
THREE_KEYS = "It has the keys apiVersion, kind, metadata"


@pytest.mark.parametrize(
    ("text", "advice", "quote"),
    [
        ("- a\n- b\n", NO_MAPPING, "It is a list"),
        ("just text\n", NO_MAPPING, "It is a single value"),
        ("kind: ConfigMap\nmetadata: {name: a}\n", NO_KIND, "It has the keys kind, metadata"),
        ("apiVersion: v1\nmetadata: {name: a}\n", NO_KIND, "It has the keys apiVersion, metadata"),
        ("apiVersion: v1\nkind: ''\nmetadata: {name: a}\n", NO_KIND, THREE_KEYS),
        ("apiVersion: v1\nkind: 5\nmetadata: {name: a}\n", NO_KIND, THREE_KEYS),
        ("apiVersion: v1\nkind: [ConfigMap]\nmetadata: {name: a}\n", NO_KIND, THREE_KEYS),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: a\n", NO_METADATA, THREE_KEYS),
        (
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, annotations: [b]}\n",
            "metadata.annotations should be a mapping",
            THREE_KEYS,
        ),
        ("apiVersion: v1\nkind: List\nitems: [5]\n", NO_MAPPING, "It is a single value"),
        ("apiVersion: v1\nkind: List\nitems: [{kind: ConfigMap}]\n", NO_KIND, "It has the keys kind"),
        (f"{'x' * 50}: secret\n", NO_KIND, f"It has the keys {'x' * 40}"),
        ("{a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7, h: 8, i: 9}\n", NO_KIND,
         "It has the keys a, b, c, d, e, f, g, h"),
    ],
)  # fmt: skip
def test_what_is_no_object_is_refused_with_the_file_and_without_what_it_says(
    text: str, advice: str, quote: str
) -> None:
    error = refused({FILE: text})
    assert error.words == "The chart renders something that is no Kubernetes object"
    assert (error.where, error.advice, error.quote) == (FILE, advice, quote)


@pytest.mark.parametrize(
    ("text", "quote"),
    [("a: \x07\n", "control characters are not allowed"), ("a: \ud800\n", "surrogates not allowed")],
)
def test_text_that_no_yaml_may_hold_is_refused_with_the_file(text: str, quote: str) -> None:
    error = refused({FILE: text})
    assert (error.words, error.where) == ("The chart renders invalid YAML", FILE)
    assert quote in error.quote


def test_where_yaml_goes_wrong_in_what_surrounds_it_the_line_is_that_of_the_problem() -> None:
    error = refused({FILE: "a: 1\nb: [1,\nc: ]]\n"})
    assert error.where == f"{FILE}, line 3 of the rendered text"


def test_an_object_without_a_name_is_refused() -> None:
    error = refused({FILE: "apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n"})
    assert (error.words, error.where) == ("The chart renders a ConfigMap without a name", FILE)


def test_a_list_stands_for_its_items() -> None:
    text = """
        apiVersion: v1
        kind: List
        items:
        - {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
        - {apiVersion: v1, kind: Secret, metadata: {name: b}}
    """
    assert [str(key) for key in keys(text)] == ["ConfigMap a", "Secret b"]


def test_empty_documents_and_comments_make_no_objects() -> None:
    assert keys("---\n# nothing\n---\n" + config_map() + "---\n") == [
        ObjectKey("", "ConfigMap", "shop-staging", "a")
    ]


def test_cluster_scoped_kinds_have_no_namespace() -> None:
    text = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: a, namespace: x}\n"
    assert keys(text) == [ObjectKey("rbac.authorization.k8s.io", "ClusterRole", "", "a")]


def test_an_object_keeps_its_key_when_its_api_version_moves() -> None:
    (beta,) = keys("apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {name: a}\n")
    (stable,) = keys("apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: a}\n")
    assert beta == stable


def test_two_hundred_objects_are_read() -> None:
    text = "".join(config_map(f"a{number}") for number in range(200))
    assert len(keys(text)) == 200


def test_images_of_all_containers_are_found_whatever_the_workload() -> None:
    pod = "{initContainers: [{name: i, image: a:1}], containers: [{name: c, image: b:2}]}"
    kinds = {
        "Deployment": f"{{template: {{spec: {pod}}}}}",
        "CronJob": f"{{jobTemplate: {{spec: {{template: {{spec: {pod}}}}}}}}}",
        "Pod": pod,
        "Rollout": f"{{template: {{spec: {pod}}}}}",
    }
    for kind, spec in kinds.items():
        assert images({"kind": kind, "spec": _yaml(spec)}) == {"i": "a:1", "c": "b:2"}, kind


@pytest.mark.parametrize(
    "spec",
    [
        "{template: 5}",
        "{template: {spec: [1]}}",
        "{template: {spec: {containers: 5}}}",
        "[1]",
        "{jobTemplate: x}",
    ],
)
def test_a_workload_of_a_wrong_shape_has_no_images(spec: str) -> None:
    for kind in ("Deployment", "CronJob", "Pod"):
        assert images({"kind": kind, "spec": _yaml(spec)}) == {}


def _yaml(text: str) -> object:
    return load_all(text)[0]


def test_each_object_knows_the_file_that_made_it_and_lives_where_it_says() -> None:
    found = parse({"a.yaml": config_map("a"), "b.yaml": config_map("b", "{helm.sh/hook: test}")}, "shop")
    assert [(each.file, each.object["metadata"]["name"]) for each in found] == [
        ("a.yaml", "a"),
        ("b.yaml", "b"),
    ]
    assert [each.hook_events for each in found] == [(), ("test",)]


def test_hooks_of_one_name_are_compared_event_by_event() -> None:
    texts = [
        config_map(annotations=f"{{helm.sh/hook: '{events}'}}")
        for events in ("pre-install, ,test", "post-install,test")
    ]
    assert parse({FILE: texts[0]}, "shop")[0].hook_events == ("pre-install", "test")
    assert "twice" in refused({FILE: "".join(texts)}).words
    beside = config_map() + config_map(annotations="{helm.sh/hook: test}")
    assert len(parse({FILE: beside}, "shop")) == 2


def test_generated_names_are_numbered_by_what_they_begin_with() -> None:
    jobs = [
        f"---\napiVersion: batch/v1\nkind: Job\nmetadata: {{generateName: {name}}}\n"
        for name in ("a-", "b-", "a-")
    ]
    assert [key.name for key in keys("".join(jobs))] == ["a-*", "b-*", "a-*1"]
    both = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, generateName: b-}\n"
    assert [key.name for key in keys(both)] == ["a"]


@pytest.mark.parametrize(
    ("item", "key"),
    [
        ({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}, ("", "Pod", "shop", "a")),
        ({"apiVersion": "a.b/c/v1", "kind": "X", "metadata": {"name": 5, "namespace": "y"}},
         ("a.b/c", "X", "y", "5")),
        ({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a", "namespace": "y"}},
         ("", "Namespace", "", "a")),
    ],
)  # fmt: skip
def test_a_key_is_what_the_cluster_knows_an_object_by(item: dict[str, Any], key: tuple[str, ...]) -> None:
    found = key_of(item, "shop")
    assert found == ObjectKey(*key)
    assert str(found) == f"{key[1]} {key[3]}"


def test_an_object_without_metadata_has_no_name_and_no_annotations() -> None:
    for item in ({"kind": "Pod", "apiVersion": "v1"}, {"kind": "Pod", "apiVersion": "v1", "metadata": None}):
        assert annotations(item) == {}
        with pytest.raises(PlanRefused) as caught:
            key_of(item, "shop", FILE)
        assert caught.value.where == FILE
    assert annotations({"metadata": {"annotations": None}}) == {}
    assert Manifest(ObjectKey("", "Pod", "", "a"), {}).hook_events == ()


def test_a_list_of_no_items_is_an_object_like_any_other() -> None:
    assert [str(key) for key in keys("{apiVersion: v1, kind: List, items: 5, metadata: {name: a}}")] == [
        "List a"
    ]
    assert keys("{apiVersion: v1, kind: List, items: []}") == []


def test_a_pod_template_is_where_containers_are() -> None:
    pod: dict[str, Any] = {"spec": {"containers": []}}
    assert pod_template({"kind": "Pod", "spec": {}}) == {"kind": "Pod", "spec": {}}
    assert pod_template({"kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": pod}}}}) == pod
    assert pod_template({"kind": "Rollout", "spec": {"template": pod}}) == pod
    shapes: list[Any] = [None, {}, {"template": {"spec": {}}}, {"template": {"containers": []}}]
    for spec in shapes:
        assert pod_template({"kind": "Deployment", "spec": spec}) is None


def test_containers_of_an_odd_shape_are_passed_over() -> None:
    spec: dict[str, Any] = {"initContainers": 5, "containers": [5, {"name": "a"}, {"image": "b"}]}
    assert images({"kind": "Pod", "spec": spec}) == {"a": "", "None": "b"}
