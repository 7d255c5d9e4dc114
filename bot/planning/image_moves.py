"""Which images move, in words: one line each, however many containers use it."""

from collections.abc import Sequence
from typing import NamedTuple

from bot.planning.differences import ObjectChange
from bot.planning.manifests import images


class _Image(NamedTuple):
    """An image reference in its parts; each but the name may be empty."""

    name: str
    tag: str
    digest: str

    @property
    def last(self) -> str:
        """The name as people say it."""
        return self.name.rpartition("/")[2]

    @property
    def short_digest(self) -> str:
        """`4f1c…9a`."""
        bare = self.digest.partition(":")[2]
        return f"{bare[:4]}…{bare[-2:]}" if bare else ""

    @property
    def version(self) -> str:
        """What tells it from others of its name."""
        return self.tag or self.short_digest or "latest"


def image_moves(changes: Sequence[ObjectChange]) -> list[str]:
    """`image v1.1 → v1.2 · 4f1c…9a`, with the image's name where images of several names move."""
    moves = dict.fromkeys(move for change in changes for move in _moves(change))
    several = len({new.last for _, new in moves}) > 1
    return list(dict.fromkeys(_words(old, new, several) for old, new in moves))


def _moves(change: ObjectChange) -> list[tuple[_Image, _Image]]:
    if change.old is None or change.new is None:
        return []
    old, new = images(change.old), images(change.new)
    return [(_parse(old[name]), _parse(new[name])) for name in new if name in old and old[name] != new[name]]


def _words(old: _Image, new: _Image, several: bool) -> str:
    digest = f" · {new.short_digest}" if new.short_digest and new.tag else ""
    if old.last != new.last:
        return f"image {old.last}:{old.version} → {new.last}:{new.version}{digest}"
    what = f"image {new.last}" if several else "image"
    moved = f"{what} {old.version} → {new.version}"
    if old.version == new.version:
        moved = f"{what} {new.version}"
        digest = f" rebuilt{digest}" if old.digest and new.digest else digest
    if old.name != new.name:
        return f"{moved}{digest}, now from {new.name.removesuffix(new.last).rstrip('/') or 'docker.io'}"
    return f"{moved}{digest}" if old.version != new.version or digest else f"{moved}: no longer pinned"


def _parse(image: str) -> _Image:
    """The parts of a reference: a colon in the registry's own part is its port."""
    bare, _, digest = image.partition("@")
    name, colon, tag = bare.rpartition(":")
    return _Image(name, tag, digest) if colon and "/" not in tag else _Image(bare, "", digest)
