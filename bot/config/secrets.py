"""Secrets as the configuration names them: by an environment variable or a file, never by their value.

Files are read at each use, so that a rotated secret needs no reload. Hiding values that got out into text is
`bot.masking`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from bot.config.located import VARIABLE, Located, expand, note_secret
from bot.config.problems import SecretMissing

FILE_SUFFIX: Final = "_file"
_LARGEST: Final = 1 << 20
"""Bytes of a secret's file: anything larger is a mistake, e.g. a device."""


class SecretFile(str):
    """Marks text as the path of a secret's file, as `<key>_file` gave it."""


class Secret:
    """A value that only `read` shows: neither repr, nor str, nor the JSON of the configuration does."""

    __slots__ = ("_environ", "_file", "_template")

    def __init__(
        self,
        template: str | None = None,
        *,
        file: Path | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        """`template` is text with `${NAME}` in it, filled from `environ`; or `file` holds the value."""
        if (template is None) == (file is None):
            raise ValueError("a secret is named either by variables or by a file")
        self._template = template
        self._file = file
        self._environ: Mapping[str, str] = environ if environ is not None else {}

    def read(self) -> str:
        """The value, as it is now; a file's trailing line break is not part of it.

        Raises: SecretMissing, saying which variable or file.
        """
        if self._file is not None:
            return _read_file(self._file)
        assert self._template is not None
        value, missing = expand(self._template, self._environ)
        if missing:
            raise SecretMissing(f"the environment variable {missing[0]} is not set")
        if not value:
            raise SecretMissing(f"the environment variable in {self._template} is empty")
        return value

    @property
    def source(self) -> str:
        """Where the value comes from, safe to show: `${NAME}` or the file's path."""
        if self._file is not None:
            return str(self._file)
        return " ".join(match.group() for match in VARIABLE.finditer(self._template or "")) or "text"

    def __repr__(self) -> str:
        return f"Secret({self.source})"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return (self._template, self._file) == (other._template, other._file)

    def __hash__(self) -> int:
        return hash((self._template, self._file))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(
            _validate, serialization=core_schema.plain_serializer_function_ser_schema(repr)
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_]*\}"}


def _validate(value: Any, info: ValidationInfo) -> Secret:
    if isinstance(value, Secret):
        return value
    if isinstance(value, SecretFile):
        return Secret(file=Path(value))
    note_secret(info, value)
    text = value.raw if isinstance(value, Located) else value
    if not isinstance(text, str) or not VARIABLE.search(text):
        raise PydanticCustomError(
            "secret_written_out",
            "a secret does not stand in the configuration itself; write ${{NAME}} or name a file",
        )
    return Secret(text, environ=environ_of(info))


def _validate_url(value: Any, info: ValidationInfo) -> Secret:
    """As a secret, but what holds no password may be written out."""
    if isinstance(value, Secret):
        return value
    note_secret(info, value)
    if not isinstance(value, str):
        raise PydanticCustomError("store_url", "should be a URL such as sqlite:///state/pilothouse.db")
    raw = value.raw if isinstance(value, Located) else value
    scheme, separator, rest = raw.partition(":///")
    if separator and scheme == "sqlite" and isinstance(value, Located):
        raw = f"sqlite:///{value.folder / rest}"
    elif not VARIABLE.match(raw) and not raw.startswith(("sqlite:///", "postgresql://")):
        raise PydanticCustomError("store_url", "should start with sqlite:/// or postgresql://")
    return Secret(raw, environ=environ_of(info))


def environ_of(info: ValidationInfo) -> Mapping[str, str]:
    """The environment's variables that the load was given."""
    context = info.context or {}
    environ: Mapping[str, str] = context.get("environ", {})
    return environ


def fold_files(value: Any) -> Any:
    """Read `<key>_file: path` in a mapping of secrets as the secret `<key>`."""
    if not isinstance(value, dict):
        return value
    return {
        key.removesuffix(FILE_SUFFIX) if _is_file_key(key) else key: as_file(text)
        if _is_file_key(key)
        else text
        for key, text in value.items()
    }


def as_file(path: Any) -> Any:
    """Mark `path` as a secret's file, relative to the file that names it."""
    if not isinstance(path, str) or not path:
        return path
    return SecretFile(path.folder / Path(path).expanduser() if isinstance(path, Located) else Path(path))


def _is_file_key(key: object) -> bool:
    return isinstance(key, str) and key.endswith(FILE_SUFFIX) and key != FILE_SUFFIX


def _read_file(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as stream:
            value = stream.read(_LARGEST + 1)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SecretMissing(f"the secret's file {path} cannot be read: {reason}") from error
    if len(value) > _LARGEST:
        raise SecretMissing(f"the secret's file {path} is larger than 1 MiB")
    if not value.strip():
        raise SecretMissing(f"the secret's file {path} is empty")
    return value.rstrip("\r\n")


Secrets = Annotated[Mapping[str, Secret], BeforeValidator(fold_files)]
"""Dotted keys to secrets; `<key>_file` is read as `<key>`."""


class _UrlMark:
    """Validates as `_validate_url` does; the schema is a plain string."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(
            _validate_url, serialization=core_schema.plain_serializer_function_ser_schema(repr)
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string"}


SecretUrl = Annotated[Secret, _UrlMark]
"""A URL that may hold a password, so it is kept like a secret; without one it may be written out."""
