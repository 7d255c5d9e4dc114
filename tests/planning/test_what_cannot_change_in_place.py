"""Fields that Kubernetes does not let change, and images that move: both read from what differs."""

from typing import Any

import pytest

from bot.planning.differences import ObjectChange, compare
from bot.planning.image_moves import image_moves
from bot.planning.immutable import IMMUTABLE, MUTABLE_STATEFUL, cannot_change
from bot.planning.manifests import Manifest, key_of
from tests.planning.objects import deployment, objects


def change(kind: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> ObjectChange:
    """One object before and after."""

    def side(fields: dict[str, Any] | None) -> list[Manifest]:
        if fields is None:
            return []
        item = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "x"}, **fields}
        return [Manifest(key_of(item, "shop"), item)]

    (found,) = compare(side(old), side(new))
    return found


def at(path: str, value: Any) -> dict[str, Any]:
    """A mapping with that value at a dotted path."""
    head, _, rest = path.partition(".")
    return {head: at(rest, value) if rest else value}


def fixed(kind: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> list[str]:
    return [str(each) for each in cannot_change(change(kind, old, new))]


@pytest.mark.parametrize(
    ("kind", "path"), [(kind, path) for kind, paths in IMMUTABLE.items() for path in paths]
)
def test_a_fixed_field_and_all_below_it_cannot_change(kind: str, path: str) -> None:
    assert fixed(kind, at(path, "a"), at(path, "b")) == [path]
    assert fixed(kind, at(f"{path}.below", 1), at(f"{path}.below", 2)) == [f"{path}.below"]


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("Deployment", "spec.selectors"),
        ("Deployment", "spec.replicas"),
        ("Service", "spec.ports"),
        ("ConfigMap", "data.a"),
        ("Widget", "spec.selector"),
    ],
)
def test_everything_else_may(kind: str, path: str) -> None:
    assert fixed(kind, at(path, "a"), at(path, "b")) == []


def test_what_comes_or_goes_changes_nothing_in_place() -> None:
    item = at("spec.selector", "a")
    assert fixed("Deployment", None, item) == fixed("Deployment", item, None) == []


@pytest.mark.parametrize("field", sorted(MUTABLE_STATEFUL))
def test_a_statefulset_lets_these_change(field: str) -> None:
    assert fixed("StatefulSet", at(f"spec.{field}", 1), at(f"spec.{field}", 2)) == []


def test_and_nothing_else_of_its_spec() -> None:
    assert fixed("StatefulSet", at("spec.serviceName", "a"), at("spec.serviceName", "b")) == [
        "spec.serviceName"
    ]
    assert fixed("StatefulSet", at("status.serviceName", "a"), at("status.serviceName", "b")) == []


@pytest.mark.parametrize("kind", ["Secret", "ConfigMap"])
@pytest.mark.parametrize(
    ("field", "is_fixed"), [("data", True), ("binaryData", True), ("stringData", True), ("extra", False)]
)
def test_what_is_declared_immutable_keeps_its_data(kind: str, field: str, is_fixed: bool) -> None:
    old, new = {"immutable": True, field: {"a": "1"}}, {"immutable": True, field: {"a": "2"}}
    assert fixed(kind, old, new) == ([f"{field}.a"] if is_fixed else [])
    assert fixed(kind, {**old, "immutable": False}, {**new, "immutable": False}) == []
    assert fixed("Widget", old, new) == []


ONE, OTHER = f"sha256:{'4f' * 31}1c", f"sha256:{'9a' * 32}"


def moves(*pairs: tuple[str, str]) -> list[str]:
    """The lines for Deployments whose images move so."""
    old = "".join(deployment(before, name=f"w{n}") for n, (before, _) in enumerate(pairs))
    new = "".join(deployment(after, name=f"w{n}") for n, (_, after) in enumerate(pairs))
    return image_moves(compare(objects(old), objects(new)))


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("r.io/shop:v1", "r.io/shop:v2", "image v1 → v2"),
        ("r.io/shop:v1", f"r.io/shop:v2@{ONE}", "image v1 → v2 · 4f4f…1c"),
        ("r.io/shop", "r.io/shop:v2", "image latest → v2"),
        (f"r.io/shop@{OTHER}", f"r.io/shop@{ONE}", "image 9a9a…9a → 4f4f…1c"),
        (f"r.io/shop:v1@{OTHER}", f"r.io/shop:v1@{ONE}", "image v1 rebuilt · 4f4f…1c"),
        ("r.io/shop:v1", f"r.io/shop:v1@{ONE}", "image v1 · 4f4f…1c"),
        (f"r.io/shop:v1@{ONE}", "r.io/shop:v1", "image v1: no longer pinned"),
        ("r.io/shop:v1", "r.io/blog:v1", "image shop:v1 → blog:v1"),
        ("r.io/shop:v1", f"r.io/blog:v2@{ONE}", "image shop:v1 → blog:v2 · 4f4f…1c"),
        ("a.io/x/shop:v1", "b.io/y/shop:v2", "image v1 → v2, now from b.io/y"),
        ("a.io/x/shop:v1", "shop:v1", "image v1, now from docker.io"),
        ("localhost:5000/shop", "localhost:5000/shop:v2", "image latest → v2"),
        ("localhost:5000/shop:v1", "localhost:6000/shop:v1", "image v1, now from localhost:6000"),
    ],
)
def test_an_image_that_moves_is_one_line(old: str, new: str, line: str) -> None:
    assert moves((old, new)) == [line]


def test_the_same_move_is_told_once_and_several_images_by_name() -> None:
    shop = ("r.io/shop:v1", "r.io/shop:v2")
    assert moves(shop, shop) == ["image v1 → v2"]
    assert moves(shop, ("r.io/blog:v1", "r.io/blog:v2")) == ["image shop v1 → v2", "image blog v1 → v2"]
    assert moves(shop, (f"r.io/blog:v1@{ONE}", "r.io/blog:v1"))[1] == "image blog v1: no longer pinned"


def test_what_comes_goes_or_stays_moves_nothing() -> None:
    old, new = objects(deployment(name="a")), objects(deployment(name="b"))
    assert image_moves(compare(old, new)) == []
    more = objects(deployment(name="a", more="        args: [x]"))
    assert image_moves(compare(old, more)) == []
