"""Roles as YAML that people can read: a rule is a few lines, its lists stand in one."""

from collections.abc import Iterable, Mapping
from typing import Any

import yaml


class _Dumper(yaml.SafeDumper):
    """Writes lists of names in one line."""


def _list(dumper: yaml.SafeDumper, items: list[Any]) -> yaml.Node:
    plain = all(isinstance(each, str) for each in items)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=plain)


_Dumper.add_representer(list, _list)


def as_yaml(item: Mapping[str, Any]) -> str:
    """One document."""
    return yaml.dump(dict(item), Dumper=_Dumper, sort_keys=False, width=110)


def as_documents(items: Iterable[Mapping[str, Any]]) -> str:
    """A stream of documents, as `kubectl apply -f -` takes it."""
    return "".join(f"---\n{as_yaml(each)}" for each in items)
