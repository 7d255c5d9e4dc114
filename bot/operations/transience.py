"""Which errors pass by themselves: a step that meets one is run again, and looks at the truth first."""

from bot.cluster import errors as cluster
from bot.helm import errors as helm
from bot.images import errors as images

TRANSIENT = (
    cluster.ClusterUnreachable,
    helm.ClusterUnreachable,
    helm.OutcomeUnknown,
    helm.WorkerLost,
    images.RegistryUnreachable,
    images.SourceUnreachable,
    OSError,
    TimeoutError,
)


def is_transient(error: Exception) -> bool:
    """Whether trying again may help."""
    return isinstance(error, TRANSIENT)
