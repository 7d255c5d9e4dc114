"""One file of values: read inside its folder, filled in where it is a template, decrypted, and parsed.

Putting files over each other is left to `bot.planning.values`, SOPS to `bot.planning.decrypting`.
"""

import asyncio
import traceback
from dataclasses import dataclass, field
from typing import Any

import yaml
from jinja2 import StrictUndefined, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.config import Target
from bot.config.models import ValuesLayer
from bot.planning import decrypting, paths
from bot.planning.documents import load_all
from bot.planning.errors import PlanRefused

LARGEST = 1 << 20
"""Bytes of one values file: what is larger is no file of values."""

_TEMPLATES = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)


@dataclass(frozen=True)
class Facts:
    """What a values template may use."""

    version: str
    digest: str = ""
    commit: str = ""


@dataclass(frozen=True)
class Opened:
    """What a file says, and the paths of it that are secret."""

    values: paths.Values = field(repr=False)
    secret: frozenset[paths.Path] = frozenset()

    def texts(self) -> list[str]:
        """Every secret scalar, as text."""
        return [text for path in self.secret for text in paths.leaves(paths.at(self.values, path))]


async def opened(layer: ValuesLayer, target: Target, facts: Facts, *, sealed: bool = False) -> Opened:
    """Read one file; `sealed` does not decrypt, and has stand-ins for what is encrypted.

    Raises: PlanRefused naming the file and line.
    """
    text, values = await asyncio.to_thread(_loaded, layer, target, facts)
    if not decrypting.is_encrypted(values):
        decrypting.refuse_remains(values, layer.path)
        return Opened(values, paths.ends(values) if layer.secret else frozenset())
    if layer.template:
        raise PlanRefused(
            "A values template is encrypted by SOPS",
            where=str(layer.path),
            advice="Keep what is encrypted in a file of its own, without .j2",
        )
    if sealed:
        return Opened(decrypting.stood_in(values))
    plain = await decrypting.decrypted(text, layer.path, target.sops)
    return await asyncio.to_thread(_decrypted, layer, values, plain)


async def secret_in(layer: ValuesLayer, target: Target, facts: Facts) -> frozenset[paths.Path]:
    """The paths of a file that are secret, which what is encrypted says too.

    Raises: PlanRefused.
    """
    _, values = await asyncio.to_thread(_loaded, layer, target, facts)
    if not decrypting.is_encrypted(values):
        return paths.ends(values) if layer.secret else frozenset()
    values = {key: value for key, value in values.items() if key != decrypting.METADATA}
    return paths.ends(values) if layer.secret else paths.ends(values, decrypting.is_secret)


def asks_for(layer: ValuesLayer, name: str) -> bool:
    """Whether a template says `name` anywhere.

    Raises: PlanRefused when the file can't be read.
    """
    return layer.template and name in _text(layer)


def _decrypted(layer: ValuesLayer, encrypted: paths.Values, plain: str) -> Opened:
    values = _parsed(plain, layer)
    everything = paths.ends(values)
    if layer.secret:
        return Opened(values, everything)
    held = paths.ends(encrypted, decrypting.is_secret)
    return Opened(values, frozenset(path for path in everything if path in held))


def _loaded(layer: ValuesLayer, target: Target, facts: Facts) -> tuple[str, paths.Values]:
    text = _rendered(layer, target, facts) if layer.template else _text(layer)
    return text, _parsed(text, layer)


def _parsed(text: str, layer: ValuesLayer) -> paths.Values:
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
    values: Any = documents[0] if documents else None
    if values is None:
        return {}
    if len(documents) > 1 or not isinstance(values, dict):
        raise PlanRefused("A values file should be one mapping", where=str(layer.path))
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
