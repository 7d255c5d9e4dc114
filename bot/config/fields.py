"""The kinds of scalars that the configuration has: durations, paths, URLs, ids, templates."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue, SkipJsonSchema
from pydantic_core import CoreSchema, PydanticCustomError

from bot.config.located import Located
from bot.config.secrets import FILE_SUFFIX, as_file

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION: Final = re.compile(r"(\d{1,9})([smhd])", re.ASCII)


class Section(BaseModel):
    """A part of the configuration: unknown keys are errors, nothing changes after the load.

    For each key that is a secret, `<key>_file` may name its file instead.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, arbitrary_types_allowed=True, hide_input_in_errors=True
    )

    secret_keys: ClassVar[tuple[str, ...]] = ()
    """The keys whose values are secrets."""
    filled_in: ClassVar[frozenset[str]] = frozenset({"kind", "folder", "key"})
    """Fields that the load fills in; nobody writes them."""

    @model_validator(mode="before")
    @classmethod
    def _fold_secret_files(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        folded = dict(data)
        for key in cls.secret_keys:
            if key + FILE_SUFFIX not in data:
                continue
            if key in data:
                raise PydanticCustomError(
                    "secret_twice", "has both {key} and {key}_file; keep one", {"key": key}
                )
            folded[key] = as_file(folded.pop(key + FILE_SUFFIX))
        return folded

    @classmethod
    def known_keys(cls) -> tuple[str, ...]:
        """Every key that may stand here, for the nearest right one."""
        fields = (name for name in cls.model_fields if name not in cls.filled_in)
        return (*fields, *(key + FILE_SUFFIX for key in cls.secret_keys))

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        reference = handler(schema)
        described = handler.resolve_ref_schema(reference)
        for key in cls.secret_keys:
            described["properties"][key + FILE_SUFFIX] = {
                "type": "string",
                "description": f"A file that holds {key}; read at each use.",
            }
            if key in described.get("required", []):
                described["required"].remove(key)
        return reference


class Named(Section):
    """A section that is the value of a mapping's key; the key becomes `name`."""

    filled_in: ClassVar = Section.filled_in | {"name"}

    name: SkipJsonSchema[str] = Field(default="", description="The key that this stands under.")


def _with_names(value: Any) -> Any:
    """Hand each entry its key; writing `name` out is refused, since the two could differ."""
    if not isinstance(value, dict):
        return value
    for key, entry in value.items():
        if isinstance(entry, dict) and "name" in entry:
            raise PydanticCustomError(
                "name_written_out", "{key} has a name key, but the name is the key above it", {"key": key}
            )
    return {key: {**entry, "name": key} if isinstance(entry, dict) else entry for key, entry in value.items()}


ByName = BeforeValidator(_with_names)
"""Marks a mapping of `Named` sections."""


def seconds(text: object) -> float:
    """`90s`, `5m`, `2h` or `1d` in seconds.

    Raises: ValueError with words for people.
    """
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise PydanticCustomError("duration", "should be a duration such as 90s, 5m, 2h or 1d")
    return float(int(match[1]) * _UNITS[match[2]])


def _duration(value: Any) -> float:
    return value if type(value) is float else seconds(value)


def _resolved(value: Any) -> Any:
    if not isinstance(value, str) or not value:
        raise PydanticCustomError("path", "should be a path")
    path = Path(value).expanduser()
    return value.folder / path if isinstance(value, Located) else path


def _url(*schemes: str) -> AfterValidator:
    def check(text: str) -> str:
        try:
            parts = urlsplit(text)
            valid = (
                parts.scheme in schemes and bool(parts.hostname) and (parts.port is None or parts.port > 0)
            )
        except ValueError:
            valid = False
        if not valid:
            wanted = " or ".join(f"{scheme}://" for scheme in schemes)
            raise PydanticCustomError("url", "should be a URL that starts with {wanted}", {"wanted": wanted})
        return text.rstrip("/")

    return AfterValidator(check)


def _number(value: Any) -> Any:
    if isinstance(value, bool) or (
        isinstance(value, str) and not re.fullmatch(r"-?\d{1,19}", value, re.ASCII)
    ):
        raise PydanticCustomError("id", "should be a number; /whoami shows it")
    return value


def _chat_id(value: Any) -> Any:
    if isinstance(value, str) and value.startswith("@"):
        if not re.fullmatch(r"@[A-Za-z]\w{3,31}", value, re.ASCII):
            raise PydanticCustomError("id", "should be a number, or @name of a public channel")
        return str(value)
    return _number(value)


def _plain_name(key: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?", key, re.ASCII):
        raise PydanticCustomError(
            "name",
            "should be a name of letters, digits, “-”, “_” and “.”, 63 at most, so that it can be typed",
        )
    return key


Seconds = Annotated[
    float,
    BeforeValidator(_duration),
    WithJsonSchema({"type": "string", "pattern": r"^\d+[smhd]$", "examples": ["90s", "5m", "2h", "1d"]}),
]
"""A duration, in seconds; written `90s`, `5m`, `2h`, `1d`."""

FilePath = Annotated[Path, BeforeValidator(_resolved)]
"""A path, absolute once loaded: relative ones start at the file that names them, `~` is the home folder."""

HttpUrl = Annotated[str, _url("http", "https")]
ProxyUrl = Annotated[str, _url("http", "https", "socks5", "socks5h")]
Id = Annotated[int, BeforeValidator(_number)]
"""A numeric id of Telegram; names can change their owner, so only numbers bind."""

ChatId = Annotated[int | str, Field(union_mode="left_to_right"), BeforeValidator(_chat_id)]
"""A chat's numeric id, or `@name` of a public channel, which is resolved once and pinned to its id."""

Key = Annotated[str, AfterValidator(_plain_name)]
"""A name that people choose and type."""

Text = Annotated[str, Field(min_length=1)]
Template = Text
"""Jinja2, sandboxed; an undefined variable is an error."""
