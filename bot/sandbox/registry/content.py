"""What an image is made of, as bytes: layer, config, manifest, index (OCI image spec v1.1). Pure.

The same arguments give the same bytes and so the same digests, on every run.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


@dataclass(frozen=True, slots=True)
class Document:
    """One piece of content with its media type; its name in a registry is its digest."""

    media_type: str
    body: bytes

    @property
    def digest(self) -> str:
        return self.digest_by("sha256")

    def digest_by(self, algorithm: str) -> str:
        return f"{algorithm}:{hashlib.new(algorithm, self.body).hexdigest()}"

    def descriptor(self, **more: Any) -> dict[str, Any]:
        return {"mediaType": self.media_type, "digest": self.digest, "size": len(self.body), **more}


@dataclass(frozen=True, slots=True)
class Image:
    """A manifest and the blobs that it names (config first)."""

    manifest: Document
    blobs: tuple[Document, ...]


def image(
    name: str, tag: str, architecture: str, created: datetime | None, labels: Mapping[str, str]
) -> Image:
    """Make the image of `name:tag` for Linux on `architecture`: one layer that holds one file, /version."""
    archive = _tar("version", f"{name} {tag}\n".encode())
    layer = Document(OCI_LAYER, gzip.compress(archive, mtime=0))
    config: dict[str, Any] = {
        "architecture": architecture,
        "os": "linux",
        "config": {"Entrypoint": ["/" + name.rsplit("/", 1)[-1]], "Labels": dict(labels)},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(archive).hexdigest()]},
    }
    if created is not None:
        config["created"] = created.astimezone(UTC).isoformat().replace("+00:00", "Z")
    described = _json(OCI_CONFIG, config)
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": described.descriptor(),
        "layers": [layer.descriptor()],
    }
    return Image(_json(OCI_MANIFEST, manifest), (described, layer))


def index(manifests: Mapping[str, Document]) -> Document:
    """Make the index of `manifests`, which are keyed by architecture."""
    entries = [
        document.descriptor(platform={"architecture": architecture, "os": "linux"})
        for architecture, document in manifests.items()
    ]
    return index_of(entries)


def index_of(descriptors: Sequence[Mapping[str, Any]]) -> Document:
    """Make the index that lists these."""
    return _json(OCI_INDEX, {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": descriptors})


def _json(media_type: str, value: object) -> Document:
    return Document(media_type, json.dumps(value, sort_keys=True, indent=1).encode())


def _tar(name: str, body: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(body)
        archive.addfile(entry, io.BytesIO(body))
    return buffer.getvalue()
