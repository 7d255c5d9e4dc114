"""What every object carries whatever its kind: names, uid, time stamps, generation.

Used by the API for what clients create and by the controllers for what they create themselves.
"""

import secrets
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

Object = dict[str, Any]

SUFFIX_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
"""Kubernetes' alphabet for generated names: no vowels, so that no words appear by accident."""


def timestamp(at: datetime) -> str:
    """`at` as metav1.Time is written: UTC, whole seconds."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def exact_timestamp(at: datetime) -> str:
    """`at` as metav1.MicroTime is written, which Leases have."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def random_suffix(length: int = 5) -> str:
    """What `generateName` puts at the end of a name."""
    return "".join(secrets.choice(SUFFIX_ALPHABET) for _ in range(length))


def new_metadata(
    name: str,
    namespace: str = "",
    *,
    at: datetime,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    owners: Sequence[Object] = (),
    generation: int | None = None,
) -> Object:
    """The metadata of an object that comes into being `at` that time: a fresh uid, the time, the names.

    `owners` are complete ownerReferences (`owner_reference`); `generation` is set for kinds with a spec.
    """
    metadata: Object = {"name": name, "uid": str(uuid.uuid4()), "creationTimestamp": timestamp(at)}
    if namespace:
        metadata["namespace"] = namespace
    if labels:
        metadata["labels"] = dict(labels)
    if annotations:
        metadata["annotations"] = dict(annotations)
    if owners:
        metadata["ownerReferences"] = [dict(owner) for owner in owners]
    if generation is not None:
        metadata["generation"] = generation
    return metadata


def owner_reference(owner: Object) -> Object:
    """The reference by which a controller marks what it made for `owner`."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
