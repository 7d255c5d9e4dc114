"""YAML as Kubernetes and Helm read it: sigs.k8s.io/yaml, which is YAML 1.1 by way of JSON.

`yes` and `on` are true, `0755` is 493, `1e3` is 1000, dates stay text, every key is text, and neither infinity nor
a recursive anchor can be said. PyYAML agrees with it on the grammar alone, so it parses and the rest is here. What
aliases stand for is copied each time: no two places share a mapping.
"""

import base64
import binascii
import math
import re
from collections.abc import Iterator
from typing import Any

import yaml

DEEPEST = 100
"""Levels of nesting: the deepest published custom resource definition has about 40."""

MOST_COPIES = 100_000
"""Values that aliases may stand for in one text: a YAML bomb (CVE-2019-11253) makes millions."""

_PLAIN = "plain"
_BINARY = "tag:yaml.org,2002:binary"
_TEXT = "tag:yaml.org,2002:str"
_TYPED = frozenset({_PLAIN, *(f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float"))})

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"), False),
}
_WHOLE = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]*|[1-9][0-9]*)", re.ASCII)
_DECIMAL = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_BETWEEN_DIGITS = re.compile(r"(?<=[0-9])_(?=[0-9])")
"""The only underscores that may stand in a number which begins with its point: Go's parser reads that one alone."""
_NOT_IN_JSON = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_BASES = {"x": 16, "b": 2, "o": 8}


class Invalid(yaml.MarkedYAMLError):
    """The text is YAML, but no value that Kubernetes could read."""


def load_all(text: str) -> list[Any]:
    """All documents of a text; an empty one is None.

    Raises: yaml.YAMLError, mostly a MarkedYAMLError with the line.
    """
    return [_Reading().value(node) for node in _nodes(text)]


def scalar(text: str) -> Any:
    """What plain (unquoted) text is: a number, a truth value, None, or the text itself.

    Raises: ValueError for infinity and for what is no number, which JSON does not know.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    if _NOT_IN_JSON.fullmatch(text):
        raise ValueError(f"{text} is no value that JSON knows")
    bare = text.replace("_", "") if text[0] != "." else _BETWEEN_DIGITS.sub("", text)
    whole = _whole(bare)
    if whole is not None:
        return whole
    return _decimal(bare, text) if _DECIMAL.fullmatch(bare) else text


def _whole(text: str) -> int | None:
    if not _WHOLE.fullmatch(text):
        return None
    sign, digits = (text[0], text[1:]) if text[0] in "+-" else ("", text)
    base = _BASES.get(digits[1:2].lower(), 8) if digits.startswith("0") and len(digits) > 1 else 10
    digits = digits[2:] if digits[1:2].lower() in _BASES else digits
    if not digits:
        return None
    value = int(digits, base) * (-1 if sign == "-" else 1)
    return value if -(1 << 63) <= value < (1 << (63 if sign else 64)) else None


def _decimal(bare: str, text: str) -> Any:
    value = float(bare)
    if math.isinf(value):
        return text
    return int(value) if value.is_integer() and abs(value) < 1e21 else value


class _Loader(yaml.CSafeLoader):
    """Composes nodes; tells plain text from quoted and decides no types."""

    def resolve(self, kind: type[yaml.Node], value: str | None, implicit: Any) -> str:
        return _PLAIN if kind is yaml.ScalarNode and implicit[0] else _TEXT


def _nodes(text: str) -> Iterator[yaml.Node]:
    loader = _Loader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            assert node is not None
            yield node
    finally:
        loader.dispose()


class _Reading:
    """One document from nodes to values."""

    def __init__(self) -> None:
        self._seen: set[int] = set()
        self._open: list[int] = []
        self._copies = 0

    def value(self, node: yaml.Node) -> Any:
        """What a node stands for.

        Raises: Invalid.
        """
        self._account(node)
        if isinstance(node, yaml.ScalarNode):
            return _scalar_of(node)
        self._open.append(id(node))
        try:
            if isinstance(node, yaml.SequenceNode):
                return [self.value(item) for item in node.value]
            return self._mapping(node)
        finally:
            self._open.pop()

    def _account(self, node: yaml.Node) -> None:
        if id(node) in self._open:
            raise _invalid("an anchor contains itself", node)
        if len(self._open) >= DEEPEST:
            raise _invalid(f"nested deeper than {DEEPEST} levels", node)
        self._copies += id(node) in self._seen
        if self._copies > MOST_COPIES:
            raise _invalid(f"its aliases stand for more than {MOST_COPIES:,} values", node)
        self._seen.add(id(node))

    def _mapping(self, node: yaml.Node) -> dict[str, Any]:
        """A mapping; what `<<` brings in gives way to the keys beside it."""
        own: dict[str, Any] = {}
        brought: dict[str, Any] = {}
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag == _PLAIN and key.value == "<<":
                for each in self._brought_in(value):
                    brought = {**each, **brought}
            else:
                own[_key_of(key)] = self.value(value)
        return {**brought, **own}

    def _brought_in(self, node: yaml.Node) -> list[dict[str, Any]]:
        value = self.value(node)
        found = value if isinstance(value, list) else [value]
        if not all(isinstance(each, dict) for each in found):
            raise _invalid("<< needs a mapping, or a list of them", node)
        return found


def _key_of(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise _invalid("a key can't be a list or a mapping", node)
    value = _scalar_of(node)
    if value is None:
        raise _invalid("a key can't be null", node)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _scalar_of(node: yaml.ScalarNode) -> Any:
    try:
        if node.tag == _BINARY:
            return base64.b64decode(node.value).decode(errors="replace")
        return scalar(node.value) if node.tag in _TYPED else node.value
    except (ValueError, binascii.Error) as error:
        raise _invalid(str(error), node) from error


def _invalid(problem: str, node: yaml.Node) -> Invalid:
    return Invalid(problem=problem, problem_mark=node.start_mark)
