"""What Helm's own error text, or the API server's, says about the cause (rows 35 to 38 and 48 to 51)."""

from __future__ import annotations

import re

from bot.events import Trouble
from bot.rollout import causes_apply
from bot.rollout.causes import Finding, one_line
from bot.rollout.causes_workload import denied, violates, webhook_down

_OBJECT = re.compile(r"([A-Z][A-Za-z]+)(?:\.[\w.]+)? \"([^\"]+)\"")


def _hook(text: str) -> Finding | None:
    found = re.search(
        r"(pre|post)-(install|upgrade|rollback|delete)(?: hooks?)? failed|failed (pre|post)-(\w+)", text
    )
    if not found:
        return None
    when = "before" if "pre" in (found[1], found[3]) else "after"
    named = re.search(r"\bjob (?:\S+/)?(\S+) failed|[Hh]ook \S+ (\S+) failed|[Jj]ob/(?:\S+/)?([^\s/]+)", text)
    hook = next((group for group in named.groups() if group), "") if named else ""
    words = f"Hook {hook} failed {when} the main apply".replace("Hook  failed", "A hook failed")
    return Finding(words, one_line(text), where=f"Job/{hook}" if hook else "")


def _stuck(text: str) -> Finding | None:
    if not re.search(r"another operation .* is in progress|has no deployed releases|pending-\w+", text):
        return None
    return Finding("An earlier run did not finish", one_line(text))


def _foreign(text: str) -> Finding | None:
    if "invalid ownership metadata" not in text:
        return None
    owner = re.search(
        r"meta\.helm\.sh/release-name\" must equal \"[^\"]+\": current value is \"([^\"]+)\"", text
    )
    words = f"It belongs to the release {owner[1]}" if owner else "It belongs to another release"
    if 'missing key "meta.helm.sh/release-name"' in text:
        words = "It is there already, and belongs to no release"
    return Finding(words, one_line(text))


def _too_large(text: str) -> Finding | None:
    """Helm keeps manifest, chart and values of a revision in one Secret, and writes it before anything else."""
    if not re.search(r'Secret "sh\.helm\.release\.v1\.\S+" is invalid: data: Too long', text):
        return None
    return Finding("The release is too large for Helm to keep a record of it: that may have 1 MiB, packed")


def _where(text: str) -> str:
    found = _OBJECT.search(text)
    return f"{found[1]}/{found[2]}" if found else ""


_GRANT = "Grant it by a Role in that namespace, or by a ClusterRole"
SPLIT = "Split the chart, or keep out of it by .helmignore what no template reads"
"""For a release that is too large for Helm's record."""
_MEND = "Mend the chart, or its values"

_SAYINGS = (
    ("policy-denies", denied, "Change what the policy names", False),
    ("policy-down", webhook_down, "Ask the owner of that service", True),
    ("pod-security", violates, "Set the securityContext that it asks for", False),
    ("foreign-object", _foreign, "Adopt it, or rename ours", False),
    ("stuck-release", _stuck, "See that the earlier run is dead, then roll back", True),
    ("hook-failed", _hook, "Read the hook's log; see what has changed already", False),
    ("record-too-large", _too_large, SPLIT, False),
    ("immutable", causes_apply.immutable, "Recreate the object, which interrupts it: ask first", False),
    ("quota", causes_apply.quota, "Raise the quota, or remove what is not needed", False),
    ("kind-missing", causes_apply.kind_missing, "Install what defines it first", False),
    ("namespace-missing", causes_apply.namespace_missing, "Create it, or set `create_namespace`", False),
    ("namespace-goes", causes_apply.namespace_goes, "Wait until it is gone, then create it anew", False),
    ("forbidden", causes_apply.forbidden, _GRANT, False),
    ("escalation", causes_apply.escalation, "Have an administrator grant these rights first", False),
    ("field-conflict", causes_apply.conflicts, "Plan again: the plan offers to take it over", False),
    ("unknown-field", causes_apply.unknown_field, _MEND, False),
    ("wrong-type", causes_apply.wrong_type, _MEND, False),
    ("invalid", causes_apply.invalid, _MEND, False),
)
"""Name, what sees it, advice, and whether it is the cluster's fault; specific before general."""


def from_helm_error(text: str) -> Trouble | None:
    """The trouble that an error of an install, upgrade or rollback names; None where it names none we know."""
    for name, sees, advice, cluster in _SAYINGS:
        finding = sees(text)
        if finding is not None:
            return Trouble(
                cause=name,
                words=finding.words,
                where=finding.where or _where(text),
                quote=finding.quote,
                advice=advice,
                fault="cluster" if cluster else "version",
                fatal_early=not cluster,
            )
    return None
