"""What a pushed manifest or index says about itself: its parts, what it is attached to, what it must not be. Pure.

Held to the image specification v1.1 in what a registry relies on; what it does not know is kept as it came.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, NonNegativeInt, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from bot.sandbox.registry.content import OCI_INDEX, OCI_MANIFEST, Document
from bot.sandbox.registry.errors import Refused
from bot.sandbox.registry.names import DIGEST


class _Part(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)


class Descriptor(_Part):
    """One piece of content that a manifest names."""

    media_type: str
    digest: Annotated[str, StringConstraints(pattern=DIGEST)]
    size: NonNegativeInt

    @property
    def is_elsewhere(self) -> bool:
        """Whether its licence kept it out of registries; of such a layer only the name is pushed."""
        return ".nondistributable." in self.media_type or ".foreign." in self.media_type


class _Manifest(_Part):
    schema_version: Literal[2]
    media_type: str | None = None
    artifact_type: str | None = None
    subject: Descriptor | None = None
    annotations: dict[str, str] = {}


class ImageManifest(_Manifest):
    """An image for one platform, or an artefact."""

    config: Descriptor
    layers: tuple[Descriptor, ...]

    @property
    def parts(self) -> tuple[Descriptor, ...]:
        """The blobs that must have been pushed before."""
        return tuple(part for part in (self.config, *self.layers) if not part.is_elsewhere)

    @property
    def kind(self) -> str | None:
        """The type of artefact that this is."""
        return self.artifact_type or self.config.media_type


class Index(_Manifest):
    """Images for several platforms."""

    manifests: tuple[Descriptor, ...]

    @property
    def parts(self) -> tuple[Descriptor, ...]:
        """The manifests that must have been pushed before."""
        return self.manifests

    @property
    def kind(self) -> str | None:
        """The type of artefact that this is."""
        return self.artifact_type


_TYPES: Final[dict[str, type[ImageManifest | Index]]] = {
    OCI_MANIFEST: ImageManifest,
    OCI_INDEX: Index,
    "application/vnd.docker.distribution.manifest.v2+json": ImageManifest,
    "application/vnd.docker.distribution.manifest.list.v2+json": Index,
}


def read(document: Document) -> ImageManifest | Index:
    """What is in a manifest that somebody pushed. Raises: Refused."""
    kind = _TYPES.get(document.media_type)
    if kind is None:
        raise Refused(400, "MANIFEST_INVALID", f"no manifest is of the type {document.media_type!r}")
    try:
        manifest = kind.model_validate_json(document.body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise Refused(400, "MANIFEST_INVALID", f"{where}: {first['msg']}") from None
    if manifest.media_type not in {None, document.media_type}:
        raise Refused(400, "MANIFEST_INVALID", "mediaType is not what Content-Type says")
    return manifest


def referrer(document: Document, digest: str, manifest: ImageManifest | Index) -> dict[str, Any]:
    """How the list of what is attached to an image describes one of these."""
    described: dict[str, Any] = document.descriptor() | {"digest": digest}
    if manifest.kind is not None:
        described["artifactType"] = manifest.kind
    return described | ({"annotations": manifest.annotations} if manifest.annotations else {})
