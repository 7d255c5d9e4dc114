"""What workers are asked, as plain values that go through a pipe."""

from typing import Any

from bot.access import ClusterAccess, Identity
from bot.helm.releases import Location


def asking(do: str, at: Location, as_: Identity | None, **fields: Any) -> dict[str, Any]:
    """A request about one release, in a worker's plain values."""
    place = {"access": plain_access(at.access), "as": plain_identity(as_)}
    return {"do": do, "namespace": at.namespace, "release": at.release, **place, **fields}


def plain_access(access: ClusterAccess) -> dict[str, Any]:
    """How a cluster is reached, and what people call it."""
    return {
        "kubeconfig": access.kubeconfig and str(access.kubeconfig.expanduser()),
        "context": access.context,
        "in_cluster": access.in_cluster,
        "proxy": access.proxy,
        "ca_file": access.ca_file and str(access.ca_file.expanduser()),
        "allow_exec": access.allow_exec,
        "called": access.called,
    }


def plain_identity(as_: Identity | None) -> dict[str, Any] | None:
    """Whom to impersonate."""
    return None if as_ is None else {"user": as_.user, "groups": list(as_.groups)}


def whole(seconds: float) -> int:
    """Helm counts whole seconds, and takes 0 for its own default."""
    return max(1, round(seconds))
