"""The values that a release gets: the configuration's layers, the image, `--set`, and the secrets.

Reading files is all that this does on the outside; whoever shows values masks what `Layered.secrets` lists.
"""

import asyncio
import json
import re
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml
from jinja2 import StrictUndefined, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.config import SecretMissing, Target
from bot.config.models import ValuesLayer
from bot.planning import paths
from bot.planning.documents import load_all
from bot.planning.errors import PlanRefused

LARGEST = 1 << 20
"""Bytes of one values file: what is larger is no file of values."""

_TEMPLATES = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)


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
class Facts:
    """What a values template may use."""

    version: str
    digest: str = ""
    commit: str = ""


@dataclass(frozen=True)
class Layered:
    """The merged values, and every secret text among them."""

    values: paths.Values = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)


def wants_commit(target: Target) -> bool:
    """Whether a template among the values asks for the commit: it takes a look at git, so only then."""
    return any(layer.template and "commit" in _text(layer) for layer in target.values)


async def layered(
    target: Target, image: Image | None, sets: Sequence[tuple[str, str]], facts: Facts
) -> Layered:
    """Put all layers over each other: files in order, the image, `--set`, and the secrets last.

    Raises: PlanRefused naming the file and line, the key that may not be set, or the secret that is missing.
    """
    return await asyncio.to_thread(_layered, target, image, sets, facts)


def secrets_in(layer: ValuesLayer, target: Target) -> list[str]:
    """Every text in a secret layer, as far as it can be known without a version.

    Raises: PlanRefused when the file can't be read or filled in.
    """
    return paths.leaves(_load(layer, target, Facts("")))


def _layered(target: Target, image: Image | None, sets: Sequence[tuple[str, str]], facts: Facts) -> Layered:
    values: paths.Values = {}
    secrets: list[str] = []
    for layer in target.values:
        loaded = _load(layer, target, facts)
        secrets += paths.leaves(loaded) if layer.secret else []
        values = paths.merged(values, loaded)
    if image is not None:
        _put_image(values, target, image)
    for key, value in sets:
        if key not in target.app.set_allowed:
            allowed = ", ".join(target.app.set_allowed) or "none"
            raise PlanRefused(f"--set may not touch {key}", advice=f"{target.app.name} allows: {allowed}")
        paths.put(values, key, _scalar(value))
    for key, secret in target.secrets.items():
        try:
            text = secret.read()
        except SecretMissing as error:
            raise PlanRefused(f"The secret for {key} can't be read", advice=str(error)) from error
        secrets.append(text)
        paths.put(values, key, text)
    return Layered(values, tuple(secrets))


def _put_image(values: paths.Values, target: Target, image: Image) -> None:
    keys = target.app.image_value
    if keys.single is not None:
        paths.put(values, keys.single, image.reference)
    for key, value in (
        (keys.repository, image.repository),
        (keys.tag, image.tag),
        (keys.digest, image.digest),
    ):
        if key is not None:
            paths.put(values, key, value)


def _scalar(text: str) -> Any:
    """A whole number or a truth value where it is one, otherwise text, as Helm's own --set decides.

    So `1.10` stays a version, and `0123` a code.
    """
    if text in ("true", "false"):
        return text == "true"
    return int(text) if re.fullmatch(r"0|-?[1-9][0-9]{0,17}", text) else text


def _load(layer: ValuesLayer, target: Target, facts: Facts) -> paths.Values:
    text = _rendered(layer, target, facts) if layer.template else _text(layer)
    try:
        documents = load_all(text)
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise PlanRefused(
            "A values file is not valid YAML", where=f"{layer.path}{line}", quote=str(error.problem)
        ) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise PlanRefused(
            "A values file is not valid YAML", where=str(layer.path), quote=str(error)
        ) from error
    values = documents[0] if documents else None
    if values is None:
        return {}
    if len(documents) > 1 or not isinstance(values, dict):
        raise PlanRefused("A values file should be one mapping", where=str(layer.path))
    if isinstance(values.get("sops"), dict):
        raise PlanRefused(
            "A values file is encrypted by SOPS",
            where=str(layer.path),
            advice="Decrypt it before the bot reads it; its ENC[...] would become the values",
        )
    return values


def _rendered(layer: ValuesLayer, target: Target, facts: Facts) -> str:
    names = {
        "app": target.app.name,
        "environment": target.environment.name,
        "namespace": target.namespace,
        "version": facts.version,
        "digest": facts.digest,
        "commit": facts.commit,
    }
    text = _text(layer)
    try:
        return _TEMPLATES.from_string(text).render(names)
    except Exception as error:  # whatever an expression in it raises
        line = _template_line(error)
        where = f"{layer.path}, line {line}" if line else str(layer.path)
        raise PlanRefused("A values template can't be filled in", where=where, quote=str(error)) from error


def _template_line(error: Exception) -> int | None:
    """Where in a template an error was raised: Jinja puts the template's own lines into the traceback."""
    if isinstance(error, TemplateSyntaxError):
        return error.lineno
    frames = traceback.extract_tb(error.__traceback__)
    return next((frame.lineno for frame in reversed(frames) if frame.filename == "<template>"), None)


def _text(layer: ValuesLayer) -> str:
    path = layer.path
    try:
        real = path.resolve(strict=True)
        if not real.is_relative_to(layer.within.resolve()) or not real.is_file():
            raise PlanRefused("A values file leads out of its folder", where=f"{path} is {real}")
        with real.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise PlanRefused("A values file can't be read", where=f"{path}: {error.strerror}") from error
    if len(data) > LARGEST:
        raise PlanRefused("A values file is over 1 MiB", where=str(path))
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise PlanRefused("A values file is not UTF-8 text", where=str(path)) from error


def frozen_form(values: Mapping[str, Any]) -> bytes:
    """Values as they are kept with an operation, and hashed for the plan's digest."""
    return json.dumps(values, sort_keys=True).encode()
