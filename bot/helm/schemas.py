"""What a chart's values.schema.json may hold, since Helm follows where it points (CVE-2025-55199)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from bot.helm.errors import ChartInvalid

_DEEPEST = 200
"""Nesting of a schema: real ones stay below 40."""

_METASCHEMA = re.compile(r"https?://json-schema\.org/(?:draft-0[4-7]|draft/20(?:19-09|20-12))/schema#?")


def check_schema(text: bytes, path: str) -> None:
    """Refuse a schema that makes Helm open files or hosts, or that nests deeper than any person writes."""
    try:
        schema = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ChartInvalid(f"{path} is not valid JSON: {error}", file=path) from error
    for depth, node in _nodes(schema):
        if depth > _DEEPEST:
            raise ChartInvalid(f"{path} nests deeper than {_DEEPEST} levels", file=path)
        for key in ("$ref", "$dynamicRef", "$recursiveRef"):
            target = node.get(key)
            if isinstance(target, str) and not target.startswith("#"):
                raise ChartInvalid(
                    f"{path} refers to {target[:200]!a}: a schema may only refer to itself (#/…)",
                    file=path,
                )
        meta = node.get("$schema")
        if isinstance(meta, str) and not _METASCHEMA.fullmatch(meta):
            raise ChartInvalid(f"{path} has the unknown $schema {meta[:200]!a}", file=path)


def _nodes(root: object) -> Iterator[tuple[int, dict[str, Any]]]:
    """All mappings of a JSON document with their depth, without recursion."""
    waiting: list[tuple[int, object]] = [(0, root)]
    while waiting:
        depth, node = waiting.pop()
        if isinstance(node, dict):
            yield depth, node
            waiting.extend((depth + 1, child) for child in node.values())
        elif isinstance(node, list):
            waiting.extend((depth + 1, child) for child in node)
