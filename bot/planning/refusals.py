"""From the API server's refusal of one object, or its warning, to what a person should know and do. Pure."""

import re
from collections.abc import Callable

from bot.cluster.errors import Cause, ClusterRefused
from bot.helm.records import LARGEST
from bot.planning.trial import Refusal
from bot.rollout.causes import one_line
from bot.rollout.causes_helm import SPLIT, from_helm_error
from bot.rollout.causes_workload import violates

HEALING = ("quota", "policy-down")
"""Causes that may be over in a moment: pods and objects go, services come back."""

SURELY = 0.97
"""Of a record's size as it is known beforehand, the part that it will have at least."""

_NO_DRY_RUN = re.compile(r'admission webhook "([^"]+)" does not support dry run')

_SECURITY = re.compile(r'PodSecurity "(\w+):([^"]*)"')


def refusal(what: str, error: ClusterRefused, mask: Callable[[str], str]) -> Refusal:
    """What it means that an object is refused; the server's own words are quoted where ours do not say it all."""
    words = mask(error.words)  # masked whole: half a secret looks like none
    trouble = from_helm_error(words)
    if trouble is None:
        return Refusal(
            what, "The API server refuses it", "Mend the chart, or its values", one_line(words, 200)
        )
    return Refusal(
        what,
        _fields(error.causes) if trouble.cause == "immutable" and error.causes else trouble.words,
        trouble.advice,
        one_line(trouble.quote, 200),
        heals=trouble.cause in HEALING,
    )


def too_large(record: int) -> tuple[Refusal, ...]:
    """That Helm could not keep a record of so many bytes, which the API server says before anything is changed."""
    if record * SURELY <= LARGEST:
        return ()
    words = f"{record / LARGEST:.1f} MiB packed, and the Secret that it goes into may have 1 MiB"
    return (Refusal("Helm's record of it", words, SPLIT),)


def untriable(error: ClusterRefused) -> str:
    """The webhook that takes no dry runs, and so says nothing of the change itself; "" where there is none.

    Such ones can't be registered any more since the API's v1, and stay where they were registered before.
    """
    found = _NO_DRY_RUN.search(error.words)
    return found[1] if found is not None else ""


def _fields(causes: tuple[Cause, ...]) -> str:
    fixed = [
        each.field
        for each in causes
        if "immutable" in each.message or "may not change" in each.message or "Forbidden" in each.message
    ]
    return f"{', '.join(dict.fromkeys(fixed))} cannot change in place"


def level_of(warning: str) -> tuple[str, str] | None:
    """The PodSecurity level and its version that a workload's pods would violate by a warning of the server's."""
    found = _SECURITY.search(warning)
    return (found[1], found[2]) if found is not None else None


def insecure(what: str, warning: str) -> Refusal:
    """A workload whose pods the namespace will not let in, though the workload itself is taken (row 38)."""
    finding = violates(warning.replace("would violate", "violates"))
    words = finding.words if finding is not None else "The namespace forbids its pods"
    return Refusal(what, words, "Set the securityContext that it asks for", one_line(warning, 200))
