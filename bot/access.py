"""How a cluster is reached and in whose name, as `bot.helm` and `bot.cluster` both understand it.

Plain values, so that neither package has to know the other. What a kubeconfig says is left to the client
libraries; which person is which `Identity` is left to the configuration.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Identity:
    """The Kubernetes user and groups that a call is made as (impersonation).

    An empty name would fall back to the bot's own rights (security.md, row 5) and a reserved one would
    exceed them (row 30), so neither can be constructed.

    Raises: ValueError for an empty, padded or reserved user or group.
    """

    user: str
    groups: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _refuse_bad_name("user", self.user)
        for group in self.groups:
            _refuse_bad_name("group", group)


@dataclass(frozen=True, slots=True)
class ClusterAccess:
    """How one cluster is reached: a kubeconfig and a context in it, or the pod's own service account.

    `context` None means the file's current context. `proxy` is a URL, `ca_file` a PEM bundle; each, when
    given, takes the place of what the kubeconfig says.

    Raises: ValueError when there is neither a kubeconfig nor `in_cluster`, or both.
    """

    kubeconfig: Path | None = None
    context: str | None = None
    in_cluster: bool = False
    proxy: str | None = None
    ca_file: Path | None = None
    allow_exec: bool = False
    """Whether credential plugins of the kubeconfig may run (security.md, row 28)."""
    name: str = field(default="", compare=False)
    """What the configuration calls the cluster: for people alone."""

    def __post_init__(self) -> None:
        if self.in_cluster == (self.kubeconfig is not None):
            raise ValueError("a cluster is reached by a kubeconfig or from inside it: give exactly one")

    @property
    def called(self) -> str:
        """The cluster at the beginning of a sentence."""
        return f"Cluster {self.name}" if self.name else "The cluster"


def is_reserved(name: str) -> bool:
    """Whether a user or group is the cluster's own: Kubernetes keeps `system:` for itself, `system:masters` first of
    all, and kubeadm binds cluster-admin to a group of its own since 1.29."""
    return name.startswith("system:") or name == "kubeadm:cluster-admins"


def _refuse_bad_name(kind: str, name: str) -> None:
    if not name or name != name.strip() or not name.isprintable():
        raise ValueError(f"a Kubernetes {kind} to act as needs a name, not {name!r}")
    if is_reserved(name):
        raise ValueError(f"no one may act as the Kubernetes {kind} {name!r}: it is the cluster's own")
