"""The registry's content: repositories with their manifests, tags and blobs.

All of it is in memory but for blobs that were pushed, which are files in a temporary folder. How it is asked for over
HTTP is left to `server`, how it comes in to `pushing`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bot.sandbox.registry import content
from bot.sandbox.registry.content import Document

ARCHITECTURES = ("amd64", "arm64")


@dataclass(slots=True)
class Repository:
    """Everything pushed under one name. `manifests` and `blobs` are keyed by digest, `tags` by tag.

    `referrers` are the descriptors of what is attached to a digest, by their own digests.
    """

    manifests: dict[str, Document] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    blobs: dict[str, Document | Path] = field(default_factory=dict)
    referrers: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)

    def manifest(self, reference: str) -> Document | None:
        """The manifest or index that a tag or a digest names."""
        return self.manifests.get(self.tags.get(reference, reference))

    def size(self, digest: str, *, of_manifest: bool) -> int | None:
        """How many bytes the manifest or the blob with this digest has; None for an unknown one."""
        found = (self.manifests if of_manifest else self.blobs).get(digest)
        if isinstance(found, Path):
            return found.stat().st_size
        return None if found is None else len(found.body)

    def attach(self, subject: str, descriptor: dict[str, Any]) -> None:
        """List a manifest among the referrers of its subject, which need not be here."""
        self.referrers.setdefault(subject, {})[descriptor["digest"]] = descriptor


class Storage:
    """All repositories by name."""

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self._folder: TemporaryDirectory[str] | None = None

    @property
    def folder(self) -> Path:
        """Where pushed blobs are; most registries of tests never need it."""
        self._folder = self._folder or TemporaryDirectory(prefix="pilothouse-registry-")
        return Path(self._folder.name)

    def keep(self, name: str, digest: str, path: Path) -> None:
        """Take over a file as a blob of `name`; whoever reads the same blob meanwhile is not disturbed."""
        blob = path.replace(self.folder / digest.replace(":", "-"))
        self.repositories.setdefault(name, Repository()).blobs[digest] = blob

    def mount(self, name: str, digest: str, source: str) -> bool:
        """Let `name` have a blob of another repository too; False where there is none."""
        known = self.repositories.get(source)
        blob = known.blobs.get(digest) if known else None
        if blob is not None:
            self.repositories.setdefault(name, Repository()).blobs[digest] = blob
        return blob is not None

    def put(self, name: str, digest: str, manifest: Document) -> Repository:
        """Store a manifest under its digest; returns where it is."""
        repository = self.repositories.setdefault(name, Repository())
        repository.manifests[digest] = manifest
        return repository

    def close(self) -> None:
        """Forget the blobs that were pushed."""
        for repository in self.repositories.values():
            repository.blobs = {
                digest: blob for digest, blob in repository.blobs.items() if isinstance(blob, Document)
            }
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def add(
        self, name: str, tag: str, created: datetime | None, labels: Mapping[str, str], *, index: bool
    ) -> str:
        """Put an image under `name:tag`, in place of what that tag named; return the tag's digest."""
        repository = self.repositories.setdefault(name, Repository())
        manifests: dict[str, Document] = {}
        for architecture in ARCHITECTURES if index else ARCHITECTURES[:1]:
            image = content.image(name, tag, architecture, created, labels)
            manifests[architecture] = image.manifest
            repository.manifests[image.manifest.digest] = image.manifest
            repository.blobs.update({blob.digest: blob for blob in image.blobs})
        top = content.index(manifests) if index else manifests[ARCHITECTURES[0]]
        repository.manifests[top.digest] = top
        repository.tags[tag] = top.digest
        return top.digest

    def tag(self, name: str, tag: str, other: str) -> None:
        """Let another tag name the same. Raises: KeyError."""
        tags = self.repositories[name].tags
        tags[other] = tags[tag]

    def remove(self, name: str, tag: str) -> None:
        """Take a tag away; its manifest stays reachable by digest. Raises: KeyError."""
        del self.repositories[name].tags[tag]

    def tags(self, name: str) -> list[str]:
        """The tags of `name` in lexical order, as the specification wants; none for an unknown name."""
        repository = self.repositories.get(name)
        return sorted(repository.tags) if repository else []

    def holds(self, name: str, reference: str) -> bool:
        """Whether a tag or digest of `name` is here."""
        repository = self.repositories.get(name)
        return repository is not None and repository.manifest(reference) is not None

    def tags_of(self, name: str, reference: str) -> list[str]:
        """The tags of `name` that name the same content as a tag or digest of it."""
        repository = self.repositories.get(name)
        if repository is None:
            return []
        digest = repository.tags.get(reference, reference)
        return sorted(tag for tag, named in repository.tags.items() if named == digest)
