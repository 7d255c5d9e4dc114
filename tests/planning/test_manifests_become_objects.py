from textwrap import dedent

import pytest

from bot.planning.errors import PlanRefused
from bot.planning.manifests import ObjectKey, images, parse

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
    assert "cannot start any token" in error.quote


def test_two_objects_of_one_name_are_refused_naming_both_files() -> None:
    error = refused({"a.yaml": config_map(), "b.yaml": config_map()})
    assert (error.words, error.where) == ("The chart makes ConfigMap a twice", "a.yaml and b.yaml")


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


@pytest.mark.parametrize(
    "text",
    [
        "- a\n- b\n",
        "just text\n",
        "kind: ConfigMap\nmetadata: {name: a}\n",
        "apiVersion: v1\nmetadata: {name: a}\n",
        "apiVersion: v1\nkind: 5\nmetadata: {name: a}\n",
        "apiVersion: v1\nkind: [ConfigMap]\nmetadata: {name: a}\n",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: a\n",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, annotations: [b]}\n",
        "apiVersion: v1\nkind: List\nitems: [5]\n",
        "apiVersion: v1\nkind: List\nitems: [{kind: ConfigMap}]\n",
    ],
)
def test_what_is_no_object_is_refused_with_the_file(text: str) -> None:
    error = refused({FILE: text})
    assert error.words == "The chart renders something that is no Kubernetes object"
    assert error.where == FILE


def test_an_object_without_a_name_is_refused() -> None:
    error = refused({FILE: "apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n"})
    assert error.words == "The chart renders a ConfigMap without a name"


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
    from bot.planning.documents import load_all

    return load_all(text)[0]
