"""Kubernetes reads, watches and actions; the only importer of the client library."""

from bot.access import ClusterAccess, Identity
from bot.cluster.cluster import Access, Cluster
from bot.cluster.clusters import Clusters
from bot.cluster.discovery import Ref, Resource
from bot.cluster.errors import (
    Cause,
    ClusterConflict,
    ClusterError,
    ClusterRefused,
    ClusterUnreachable,
    IdentityMissing,
    KubeconfigUnsafe,
    KubeconfigUnusable,
)
from bot.cluster.watching import WatchEvent
from bot.cluster.writing import Tried, Way

__all__ = [
    "Access",
    "Cause",
    "Cluster",
    "ClusterAccess",
    "ClusterConflict",
    "ClusterError",
    "ClusterRefused",
    "ClusterUnreachable",
    "Clusters",
    "Identity",
    "IdentityMissing",
    "KubeconfigUnsafe",
    "KubeconfigUnusable",
    "Ref",
    "Resource",
    "Tried",
    "WatchEvent",
    "Way",
]
