"""The registry's content in memory: repositories with their manifests, tags and blobs.

How it is asked for over HTTP is left to `server`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.sandbox.registry import content
from bot.sandbox.registry.content import Document

ARCHITECTURES = ("amd64", "arm64")


@dataclass(slots=True)
class Repository:
    """Everything pushed under one name. `manifests` and `blobs` are keyed by digest, `tags` by tag."""

    manifests: dict[str, Document] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    blobs: dict[str, Document] = field(default_factory=dict)

    def manifest(self, reference: str) -> Document | None:
        """The manifest or index that a tag or a digest names."""
        return self.manifests.get(self.tags.get(reference, reference))


class Storage:
    """All repositories by name."""

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}

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
