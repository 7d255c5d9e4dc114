"""ControllerRevisions: the templates that StatefulSets and DaemonSets have had, by hash."""

import copy

from bot.sandbox.kubernetes.controllers.cluster import Cluster
from bot.sandbox.kubernetes.controllers.deployments import template_hash
from bot.sandbox.kubernetes.controllers.kinds import REVISION
from bot.sandbox.kubernetes.metadata import new_metadata, owner_reference
from bot.sandbox.kubernetes.storage import Object

LABEL = "controller-revision-hash"
"""The label by which a pod names the revision it was made from."""


def current_revision(cluster: Cluster, owner: Object) -> Object:
    """The revision of the owner's present template: found (an old one becomes the newest again), or created."""
    template = owner["spec"]["template"]
    name = f"{owner['metadata']['name']}-{template_hash(template)}"
    namespace = owner["metadata"]["namespace"]
    known = cluster.owned(owner, REVISION)
    newest = max((int(found["revision"]) for found in known), default=0)
    found = cluster.get(REVISION.key(namespace, name))
    if found is None:
        labels = {**(template.get("metadata") or {}).get("labels", {}), LABEL: hash_of(name)}
        metadata = new_metadata(
            name, namespace, at=cluster.now, labels=labels, owners=[owner_reference(owner)]
        )
        data = {"spec": {"template": {**copy.deepcopy(template), "$patch": "replace"}}}
        return cluster.create(REVISION, {"metadata": metadata, "data": data, "revision": newest + 1})
    if int(found["revision"]) < newest:
        renewed = cluster.edit(REVISION.key_of(found), lambda obj: obj.update(revision=newest + 1))
        return renewed if renewed is not None else found
    return found


def template_of(cluster: Cluster, owner: Object, revision: str) -> Object:
    """The template of one of the owner's revisions; the present one when that revision is gone."""
    found = cluster.get(REVISION.key(owner["metadata"]["namespace"], revision))
    template: Object = (found["data"]["spec"] if found is not None else owner["spec"])["template"]
    return {key: value for key, value in template.items() if key != "$patch"}


def forget_history(cluster: Cluster, owner: Object, used: set[str]) -> None:
    """Drop the oldest revisions that nobody uses, beyond revisionHistoryLimit."""
    known = sorted(cluster.owned(owner, REVISION), key=lambda found: int(found["revision"]))
    unused = [found for found in known if found["metadata"]["name"] not in used]
    excess = len(unused) - int(owner["spec"].get("revisionHistoryLimit", 10))
    for found in unused[: max(0, excess)]:
        cluster.delete(REVISION.key_of(found))


def hash_of(revision: str) -> str:
    """The hash at the end of a revision's name."""
    return revision.rpartition("-")[2]


def revision_of(pod: Object) -> str:
    """The revision that a pod was made from: for StatefulSets its name, for DaemonSets its hash."""
    labels: dict[str, str] = pod["metadata"].get("labels") or {}
    return labels.get(LABEL, "")
