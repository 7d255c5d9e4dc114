"""What a dry run found, in words, and what of it keeps somebody from confirming."""

import pytest

from bot.planning.trial import Autoscaled, Contest, Refusal, Trial, grouped

REPLICAS = Contest("Deployment shop", ".spec.replicas", "kubectl", "5", "3")


@pytest.mark.parametrize(
    ("field", "name"),
    [
        (".spec.replicas", "replicas"),
        (".data.MODE", "data.MODE"),
        ('.spec.template.spec.containers[name="web"].image', "image of web"),
        ('.spec.template.spec.initContainers[name="init"].command', "command of init"),
        (".spec.template.spec.nodeSelector", "nodeSelector"),
        ("." + "x" * 40, "x" * 40),
        ("." + "x" * 41, "x" * 39 + "…"),
    ],
)
def test_a_field_is_named_as_people_say_it(field: str, name: str) -> None:
    assert Contest("Deployment shop", field, "kubectl").name == name


def test_who_keeps_what_and_what_is_wanted_instead() -> None:
    assert REPLICAS.sentence("deploy") == (
        "Deployment shop: replicas are kept by kubectl (5), this deploy wants 3"
    )
    hidden = Contest("ConfigMap env", ".data.MODE", "kubectl-edit")
    assert hidden.sentence("rollback") == (
        "ConfigMap env: data.MODE is kept by kubectl-edit, this rollback wants it otherwise"
    )


def test_a_yes_is_to_an_object_s_field_and_who_keeps_it_whatever_its_value() -> None:
    assert REPLICAS.id == "Deployment shop .spec.replicas kubectl"
    other = Contest("Deployment shop", ".spec.replicas", "k9s")
    trial = Trial(contests=(REPLICAS, other))
    assert trial.beyond([REPLICAS.id]) == (other,)
    assert trial.beyond(iter([REPLICAS.id, other.id])) == ()


def test_only_what_does_not_heal_by_itself_refuses() -> None:
    passing = Refusal("ConfigMap env", "down", heals=True)
    assert not Trial(refusals=(passing,)).is_refused
    assert Trial(refusals=(passing, Refusal("ConfigMap env", "no"))).is_refused
    assert passing.sentence == "ConfigMap env: down"


def test_remarks_tell_what_keeps_nobody_back() -> None:
    scaled = Autoscaled("apps/v1", "Deployment", "shop-staging", "worker", 7, 2)
    trial = Trial(autoscaled=(scaled,), warnings=("old API",), untried="12 were not tried")
    assert trial.remarks == [
        "Deployment worker: replicas stay at 7, as its autoscaler set them. "
        "The chart says 2: leave replicas out of it",
        "old API",
        "12 were not tried",
    ]
    assert Trial().remarks == []


def test_refusals_of_the_same_words_are_told_once() -> None:
    first = Refusal("Service a", "no namespace", "make it", "not found", True)
    found = grouped(
        [first, Refusal("Deployment b", "too many"), Refusal("Service c", "no namespace", "make it")]
    )
    assert found == (
        Refusal("Service a and 1 more", "no namespace", "make it", "not found", True),
        Refusal("Deployment b", "too many"),
    )
    apart = [Refusal("a", "no", "this"), Refusal("b", "no", "that")]
    assert grouped(apart) == tuple(apart)
