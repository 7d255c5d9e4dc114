"""Objects that another release owns: they are not removed, and not taken. Pure.

Helm removes what the new manifest lacks by its name alone, whoever owns it by now, unless the object itself says that
it is to be kept; an uninstall asks nobody either. What a new manifest adds it refuses to take from another release
only in an upgrade, and a rollback takes it in silence. So the plan looks first. Source: Helm 4's pkg/kube/client.go
(`update`), pkg/action/upgrade.go (`existingResourceConflict`), rollback.go and uninstall.go.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from bot.planning.authorship import RELEASE_NAME, RELEASE_NAMESPACE
from bot.planning.live import Live
from bot.planning.losing import is_kept
from bot.planning.manifests import Manifest, Object, ObjectKey, annotations
from bot.planning.site import Site
from bot.planning.trial import Refusal, Trial, grouped

MANAGED_BY = "app.kubernetes.io/managed-by"


def other_owner(item: Object, site: Site) -> str:
    """The release that an object belongs to, as `blog in blog-staging`; "" where that is this one, or none."""
    name, namespace = _owner(item)
    if not name or (name, namespace) == (site.release, site.namespace):
        return ""
    return f"{name} in {namespace}" if namespace else name


def is_owned(item: Object) -> bool:
    """Whether any release owns it, by the marks that Helm goes by."""
    labels = (item.get("metadata") or {}).get("labels") or {}
    return all(_owner(item)) and labels.get(MANAGED_BY) == "Helm"


def with_claims(
    trial: Trial, live: Live, then: Sequence[Manifest], appearing: Iterable[Object], site: Site
) -> Trial:
    """What was tried, and what of it is another release's.

    `then` is what the release will be; `appearing` are the objects among it that the release does not have now, and
    that are there all the same.
    """
    refusals = grouped([*_removed(live, then, site), *trial.refusals, *_added(then, appearing, site)])
    return replace(trial, refusals=refusals, warnings=(*_taken_back(live, then, site), *trial.warnings))


def refused_removals(live: Live, site: Site) -> Trial:
    """What an uninstall would remove though it is another release's."""
    return Trial(refusals=grouped(_removed(live, (), site, uninstalls=True)))


def _removed(
    live: Live, then: Sequence[Manifest], site: Site, *, uninstalls: bool = False
) -> Iterator[Refusal]:
    stays = {each.key for each in then}
    for key, item in live.found.items():
        if item is None or key in stays or (is_kept(item) and not uninstalls):
            continue
        if owner := other_owner(item, site):
            yield Refusal(
                str(key),
                f"It belongs to another release by now: {owner}. Helm would remove it",
                _keeping(key, uninstalls=uninstalls),
            )


def _keeping(key: ObjectKey, *, uninstalls: bool) -> str:
    """How Helm is told to leave an object: in an uninstall it goes by the manifest alone."""
    place = f" -n {key.namespace}" if key.namespace else ""
    command = f"kubectl annotate {key.kind.lower()} {key.name}{place} helm.sh/resource-policy=keep"
    return (
        f"First deploy without it, then uninstall. It stays with: {command}"
        if uninstalls
        else f"It stays with: {command}"
    )


def _added(then: Sequence[Manifest], appearing: Iterable[Object], site: Site) -> Iterator[Refusal]:
    """Hooks that are there from the last time have no marks: Helm makes them anew."""
    kept = {(each.key.kind, each.key.name) for each in then}
    for item in appearing:
        kind, name = item["kind"], str(item["metadata"].get("name", ""))
        what = f"{kind} {name}"
        if owner := other_owner(item, site):
            yield Refusal(
                what, f"It belongs to another release: {owner}", "Give it another name, or take it out there"
            )
        elif (kind, name) in kept and not is_owned(item):
            marks = f"{RELEASE_NAME}={site.release} and {RELEASE_NAMESPACE}={site.namespace}"
            yield Refusal(
                what,
                "It is there already, and belongs to no release",
                f"Remove it, rename it, or hand it over: label {MANAGED_BY}=Helm, annotations {marks}",
            )


def _taken_back(live: Live, then: Sequence[Manifest], site: Site) -> Iterator[str]:
    for each in then:
        if (item := live.found.get(each.key)) is not None and (owner := other_owner(item, site)):
            yield f"{each.key}: It belongs to another release by now: {owner}. This takes it back"


def _owner(item: Object) -> tuple[str, str]:
    marks = annotations(item)
    return str(marks.get(RELEASE_NAME) or ""), str(marks.get(RELEASE_NAMESPACE) or "")
