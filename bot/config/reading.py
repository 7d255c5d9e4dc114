"""YAML to plain data in which every scalar, key and section knows its place; what could harm is refused.

Numbers, true, false and null are what YAML 1.2 says they are, so `no` and `12:30` stay text. Meaning is left to
the models.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from bot.config.located import Located, Mark
from bot.config.problems import Problem

LARGEST: Final = 1 << 20
"""Bytes of a file; a team's configuration has some ten thousand."""
_DEEPEST: Final = 40
_MOST_NODES: Final = 100_000
"""Counted with aliases followed, which is how a YAML bomb grows (security.md, row 27)."""

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT: Final = re.compile(r"[-+]?[0-9]{1,30}", re.ASCII)
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
_CONSTANTS: Final = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}

Key = tuple[str | int, ...]
"""The way to a place: keys and positions in lists."""


@dataclass
class Document:
    """Plain data, where each part of it stands, and what was wrong with it."""

    data: Any = None
    marks: dict[Key, Mark] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read(path: Path, environ: Mapping[str, str]) -> Document:
    """Read one file; what is wrong with it as YAML is in `problems`."""
    document = Document()
    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise ValueError("is larger than 1 MiB")
        text = content.decode()
        _check_depth(text)
        root = yaml.compose(text, Loader=_LOADER)
        if root is None:
            document.data = {}
        else:
            document.data = _Reader(path, environ, document).read(root, ())
            if not isinstance(document.data, dict):
                raise ValueError("should be a mapping of keys at its top")
    except OSError as error:
        _refuse(document, path, f"cannot be read: {error.strerror}", "give its path with --config")
    except UnicodeDecodeError:
        _refuse(document, path, "is not UTF-8 text")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        document.problems.append(
            Problem(path, line, column, "", f"is no YAML: {error.problem or error.context}")
        )
    except (yaml.YAMLError, ValueError) as error:
        _refuse(document, path, str(error))
    return document


def merge(documents: list[Document]) -> Document:
    """Lay later files over earlier ones: mappings key by key, anything else is replaced."""
    whole = Document(data={})
    for document in documents:
        whole.problems += document.problems
        if isinstance(document.data, dict):
            whole.data = _merged(whole.data, document.data)
            whole.marks |= document.marks
    return whole


def _merged(old: Any, new: Any) -> Any:
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return new
    return {**old, **{key: _merged(old[key], value) if key in old else value for key, value in new.items()}}


def _refuse(document: Document, path: Path, message: str, hint: str = "") -> None:
    document.problems.append(Problem(path, 0, 0, "", message, hint))


def _check_depth(text: str) -> None:
    """Composing recurses, so the depth is looked at first, in the flat stream of events."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST:
            raise ValueError(f"is nested deeper than {_DEEPEST} levels")


class _Reader:
    """Turns the nodes of one file into data."""

    def __init__(self, path: Path, environ: Mapping[str, str], into: Document) -> None:
        self.path = path
        self.environ = environ
        self.into = into
        self.nodes = 0

    def read(self, node: yaml.Node, at: Key) -> Any:
        self.nodes += 1
        if self.nodes > _MOST_NODES or len(at) > _DEEPEST:
            raise ValueError("has too many or too deep parts once its aliases are followed")
        mark = self._mark(node)
        self.into.marks.setdefault(at, mark)
        if node.tag.startswith("!"):
            self._problem(mark, at, f"the tag {node.tag} is not understood")
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, at)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(each, (*at, index)) for index, each in enumerate(node.value)]
        assert isinstance(node, yaml.ScalarNode)
        return self._scalar(node, mark)

    def _mapping(self, node: yaml.MappingNode, at: Key) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            mark = self._mark(key_node)
            if not isinstance(key_node, yaml.ScalarNode):
                self._problem(mark, at, "a key should be plain text")
                continue
            key = str(key_node.value)
            way = (*at, key)
            if key in found:
                self._problem(
                    mark, way, f"stands twice, first in line {self.into.marks[way].line}", "keep one"
                )
                continue
            self.into.marks[way] = mark
            found[key] = self.read(value_node, way)
        return found

    def _scalar(self, node: yaml.ScalarNode, mark: Mark) -> Any:
        text: str = node.value
        if not node.style and node.tag != "tag:yaml.org,2002:str":
            if text in _CONSTANTS:
                return _CONSTANTS[text]
            if _INT.fullmatch(text):
                return int(text)
            if _FLOAT.fullmatch(text):
                return float(text)
        return Located.read(text, mark, self.environ)

    def _mark(self, node: yaml.Node) -> Mark:
        return Mark(self.path, node.start_mark.line + 1, node.start_mark.column + 1)

    def _problem(self, mark: Mark, at: Key, message: str, hint: str = "") -> None:
        where = ".".join(map(str, at))
        self.into.problems.append(Problem(mark.file, mark.line, mark.column, where, message, hint))
