"""Files to a `Config`, or every problem at once, each at its file and line."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bot.config.checking import Finding, findings, nearest, target_findings
from bot.config.fields import Section
from bot.config.located import Located, Mark
from bot.config.models import Config
from bot.config.problems import ConfigInvalid, Problem
from bot.config.reading import Document, Key, merge, read

_WORDS: Final = {
    "string_type": "should be text",
    "bool_type": "should be true or false",
    "bool_parsing": "should be true or false",
    "int_type": "should be a whole number",
    "int_parsing": "should be a whole number",
    "int_from_float": "should be a whole number",
    "model_type": "should be a mapping of keys",
    "dict_type": "should be a mapping of keys",
    "mapping_type": "should be a mapping of keys",
    "tuple_type": "should be a list",
    "list_type": "should be a list",
    "string_too_short": "should not be empty",
    "too_short": "should not be empty",
}


def load(paths: Sequence[Path], environ: Mapping[str, str], *, only: Collection[str] | None = None) -> Config:
    """Read the files, merge them in order, and check the whole; or `only` some sections of what is not finished yet.

    Later files win: mappings are merged key by key, lists and scalars replaced. `environ` fills `${NAME}`.
    Reads files, so a running bot calls it in a thread.

    Raises: ConfigInvalid with all problems.
    """
    frozen = dict(environ)
    whole = merge([read(path.absolute(), frozen) for path in paths])
    if whole.problems:
        raise ConfigInvalid(whole.problems)
    if only is not None:
        whole.data = {key: value for key, value in whole.data.items() if key in only}
    context: dict[str, Any] = {"environ": frozen, "secrets": set()}
    problems: list[Problem] = []
    config: Config | None = None
    try:
        config = Config.model_validate(whole.data, context=context)
    except ValidationError as error:
        problems += [_explained(each, whole, paths[0]) for each in error.errors(include_url=False)]
    problems += _unset(whole.data, context["secrets"], ())
    if config is not None:
        found = list(findings(config)) or list(target_findings(config))
        problems += [_placed(each, whole, paths[0]) for each in found]
    if problems or config is None:
        order = {path.absolute(): index for index, path in enumerate(paths)}
        raise ConfigInvalid(sorted(problems, key=lambda p: (order.get(p.file, 0), p.line, p.column)))
    return config


def _explained(error: ErrorDetails, whole: Document, fallback: Path) -> Problem:
    """A validation error in our words, with the nearest right key where one is unknown."""
    at = _written(error["loc"], whole.data, missing=error["type"] == "missing")
    kind = error["type"]
    context = error.get("ctx", {})
    message, hint = _WORDS.get(kind, error["msg"].removeprefix("Value error, ")), ""
    if kind == "extra_forbidden":
        message, hint = "unknown key", nearest(str(at[-1]), _keys_at(error["loc"][:-1]))
    elif kind == "missing":
        message = "is missing"
        if any(str(at[-1]) in each.secret_keys for each in _sections_at(error["loc"][:-1])):
            message = f"is missing; write {at[-1]}: ${{NAME}} or {at[-1]}_file: path"
    elif kind == "literal_error":
        value = error["input"]
        expected = str(context.get("expected", "")).replace("'", "")
        hint = nearest(value, expected.replace(" or ", ", ").split(", ")) if isinstance(value, str) else ""
        message = f"should be one of {expected}"
    elif kind == "string_type" and isinstance(error["input"], (int, float)):
        hint = f'put it in quotes: "{error["input"]}"'
    return _placed(Finding(at, message, hint), whole, fallback)


def _placed(finding: Finding, whole: Document, fallback: Path) -> Problem:
    mark = _mark(finding.at, whole, fallback)
    where = ".".join(map(str, finding.at))
    return Problem(mark.file, mark.line, mark.column, where, finding.message, finding.hint)


def _mark(at: Key, whole: Document, fallback: Path) -> Mark:
    """The place of the value, or of the nearest section around it."""
    for length in range(len(at), 0, -1):
        if at[:length] in whole.marks:
            return whole.marks[at[:length]]
    return Mark(fallback.absolute(), 1, 1)


def _written(loc: tuple[int | str, ...], data: Any, *, missing: bool) -> Key:
    """`loc` without what only the models know, e.g. which alternative of a union was tried."""
    at: list[int | str] = []
    for index, part in enumerate(loc):
        if isinstance(data, dict) and (part in data or f"{part}_file" in data):
            data = data.get(part, data.get(f"{part}_file"))
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        elif not (missing and index == len(loc) - 1):
            continue
        at.append(part)
    return tuple(at)


def _sections_at(loc: tuple[int | str, ...]) -> list[type[Section]]:
    """The sections that may stand at `loc`."""
    sections: list[type[Section]] = [Config]
    for part in loc:
        fields = [
            each.model_fields[part]
            for each in sections
            if isinstance(part, str) and part in each.model_fields
        ]
        if fields:
            sections = [found for field in fields for found in _sections_in(field.annotation)]
    return sections


def _sections_in(annotation: Any) -> Iterator[type[Section]]:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation
    for argument in get_args(annotation):
        yield from _sections_in(argument)


def _keys_at(loc: tuple[int | str, ...]) -> list[str]:
    return list(dict.fromkeys(key for section in _sections_at(loc) for key in section.known_keys()))


def _unset(data: Any, secrets: set[Mark], at: Key) -> list[Problem]:
    """Variables outside secrets have to be there when the configuration is loaded."""
    if isinstance(data, dict):
        return [each for key, value in data.items() for each in _unset(value, secrets, (*at, key))]
    if isinstance(data, list):
        return [each for index, value in enumerate(data) for each in _unset(value, secrets, (*at, index))]
    if not isinstance(data, Located) or data.mark in secrets:
        return []
    where = ".".join(map(str, at))
    return [
        Problem(
            data.mark.file,
            data.mark.line,
            data.mark.column,
            where,
            f"the environment variable {name} is not set",
        )
        for name in data.missing
    ]
