from dataclasses import replace

import pytest

from bot.planning.manifests import parse
from bot.planning.plan import MOVED, digest_of, refs
from tests.planning.objects import deployment
from tests.texts.plans import PLAN

INPUTS = {"kind": "deploy", "cluster": "uid", "revision": "6 deployed", "image": "sha256:4f"}


def test_the_same_inputs_have_the_same_digest_in_any_order() -> None:
    assert digest_of(INPUTS) == digest_of(dict(reversed(INPUTS.items())))
    assert len(digest_of(INPUTS)) == 64


@pytest.mark.parametrize("name", INPUTS)
def test_another_input_is_another_digest_and_told_in_words(name: str) -> None:
    moved = replace(PLAN, inputs={**INPUTS, name: "other"})
    assert moved.digest != digest_of(INPUTS)
    assert moved.moved(INPUTS) == [MOVED.get(name, name)]


def test_an_input_that_came_or_went_is_told_too() -> None:
    more = {**INPUTS, "flags": "a=1"}
    assert replace(PLAN, inputs=more).moved(INPUTS) == ["the options changed"]
    assert replace(PLAN, inputs=INPUTS).moved(more) == ["the options changed"]


def test_what_varies_by_itself_is_no_part_of_the_digest() -> None:
    other = replace(PLAN, diff="another", lines=(), notes=("random",), added=99)
    assert other.digest == PLAN.digest


def test_inputs_never_run_into_each_other() -> None:
    assert digest_of({"a": "1", "b": "2"}) != digest_of({"a": "1b", "": "2"})


def test_a_digest_is_shown_as_people_compare_it() -> None:
    assert PLAN.short_digest == "4f1c…9a"
    assert replace(PLAN, image_digest="").short_digest == ""


def test_references_name_what_the_rollout_follows() -> None:
    (reference,) = refs(parse({"a.yaml": deployment()}, "shop-staging"), hook=True)
    assert (reference.api_version, reference.kind, reference.namespace, reference.name, reference.hook) == (
        "apps/v1",
        "Deployment",
        "shop-staging",
        "shop",
        True,
    )


def test_values_are_in_no_log_of_a_plan() -> None:
    secret = replace(PLAN, frozen=replace(PLAN.frozen, values={"password": "hunter2"}))
    assert "hunter2" not in repr(secret)
