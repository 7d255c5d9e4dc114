"""The values that a release gets: the configuration's layers, the image, `--set`, and the secrets.

Whoever shows values hides what stands at `Layered.hidden`, and the texts of `Layered.secrets` wherever they stand.
Reading one file is left to `bot.planning.layers`.
"""

import asyncio
import contextlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.config import SecretMissing, Target
from bot.config.models import ValuesLayer
from bot.masking import is_telling
from bot.planning import paths
from bot.planning.errors import PlanRefused
from bot.planning.layers import Facts, Opened, asks_for, opened, secret_in


@dataclass(frozen=True)
class Image:
    """What is deployed: `digest` is empty where a registry could not or need not be asked."""

    repository: str
    tag: str
    digest: str = ""

    @property
    def reference(self) -> str:
        """The whole reference, pinned where the digest is known."""
        pinned = f"@{self.digest}" if self.digest else ""
        return f"{self.repository}:{self.tag}{pinned}"


@dataclass(frozen=True)
class Layered:
    """The merged values, and what of them is secret."""

    values: paths.Values = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    """Texts to hide wherever they turn up; of a file that is secret as a whole, those that are like no other."""
    hidden: frozenset[paths.Path] = frozenset()
    """Where in `values` there is nothing to be shown, whatever stands there."""


def wants_commit(target: Target) -> bool:
    """Whether a template among the values asks for the commit: it takes a look at git, so only then."""
    return any(asks_for(layer, "commit") for layer in target.values)


async def layered(
    target: Target,
    image: Image | None,
    sets: Sequence[tuple[str, str]],
    facts: Facts,
    *,
    sealed: bool = False,
) -> Layered:
    """Put all layers over each other: files in order, the image, `--set`, and the secrets last.

    `sealed` leaves encrypted files so, with stand-ins for their secrets: for what depends on none of them.

    Raises: PlanRefused naming the file and line, the key that may not be set, or the secret that is missing.
    """
    files = [await opened(layer, target, facts, sealed=sealed) for layer in target.values]
    return await asyncio.to_thread(_layered, target, files, image, sets)


async def secrets_in(layer: ValuesLayer, target: Target) -> list[str]:
    """The texts of a layer that are to be hidden everywhere, as far as they can be known without a version.

    Raises: PlanRefused when the file can't be read, decrypted or filled in.
    """
    return [text for text in (await opened(layer, target, Facts(""))).texts() if is_telling(text)]


async def secret_paths(target: Target) -> frozenset[paths.Path]:
    """Where a target's secret values stand, as far as it can be known from its files without decrypting any.

    For looking at what was deployed earlier: a file that can't be read now says nothing of it.
    """
    found = {tuple(key.split(".")) for key in target.secrets}
    for layer in target.values:
        with contextlib.suppress(PlanRefused):
            found |= await secret_in(layer, target, Facts(""))
    return frozenset(found)


def _layered(
    target: Target, files: Sequence[Opened], image: Image | None, sets: Sequence[tuple[str, str]]
) -> Layered:
    values: paths.Values = {}
    secrets: list[str] = []
    hidden: frozenset[paths.Path] = frozenset()
    for file in files:
        secrets += filter(is_telling, file.texts())
        hidden = paths.outside(hidden, paths.ends(file.values)) | file.secret
        values = paths.merged(values, file.values)
    put = _put_image(values, target, image) if image is not None else []
    for key, value in sets:
        if key not in target.app.set_allowed:
            allowed = ", ".join(target.app.set_allowed) or "none"
            raise PlanRefused(f"--set may not touch {key}", advice=f"{target.app.name} allows: {allowed}")
        paths.put(values, key, _scalar(value))
        put.append(key)
    hidden = paths.outside(hidden, frozenset(tuple(key.split(".")) for key in put))
    for key, secret in target.secrets.items():
        try:
            text = secret.read()
        except SecretMissing as error:
            raise PlanRefused(f"The secret for {key} can't be read", advice=str(error)) from error
        secrets.append(text)
        hidden |= {tuple(key.split("."))}
        paths.put(values, key, text)
    return Layered(values, tuple(secrets), hidden)


def _put_image(values: paths.Values, target: Target, image: Image) -> list[str]:
    """Put the image where the app wants it; returns the keys."""
    keys = target.app.image_value
    parts = {
        keys.single: image.reference,
        keys.repository: image.repository,
        keys.tag: image.tag,
        keys.digest: image.digest,
    }
    named = {key: value for key, value in parts.items() if key is not None}
    for key, value in named.items():
        paths.put(values, key, value)
    return list(named)


def _scalar(text: str) -> Any:
    """A whole number or a truth value where it is one, otherwise text, as Helm's own --set decides.

    So `1.10` stays a version, and `0123` a code.
    """
    if text in ("true", "false"):
        return text == "true"
    return int(text) if re.fullmatch(r"0|-?[1-9][0-9]{0,17}", text) else text


def frozen_form(values: Mapping[str, Any]) -> bytes:
    """Values as they are kept with an operation, and hashed for the plan's digest."""
    return json.dumps(values, sort_keys=True).encode()
