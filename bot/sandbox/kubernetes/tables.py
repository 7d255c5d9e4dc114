"""Objects as kubectl's rows: the server-side Table form, and objects reduced to their metadata.

Columns are those of `kubectl get` for the kinds people look at; any other kind has its name and age, and a
custom resource the columns that its definition prints.
"""

from datetime import datetime
from typing import Any

from bot.sandbox.kubernetes.cells import since, value_at
from bot.sandbox.kubernetes.columns import AGE, COLUMNS, NAME, Shown
from bot.sandbox.kubernetes.resources import Column, Resource

Object = dict[str, Any]


def partial(obj: Object) -> Object:
    """PartialObjectMetadata."""
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}


def table(
    resource: Resource, items: list[Object], now: datetime, *, include: str = "Metadata", header: bool = True
) -> Object:
    """A Table of these objects; `include` is what each row carries beside its cells (Metadata, Object, None)."""
    columns = columns_of(resource)
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {"resourceVersion": items[0]["metadata"]["resourceVersion"]} if len(items) == 1 else {},
        "columnDefinitions": [_definition(column) for column in columns] if header else None,
        "rows": [_row(columns, obj, now, include) for obj in items],
    }


def _definition(column: Shown) -> Object:
    form = "name" if column.title == "Name" else ""
    told = {"name": column.title, "type": column.kind, "format": form, "description": ""}
    return {**told, "priority": column.priority}


def _row(columns: list[Shown], obj: Object, now: datetime, include: str) -> Object:
    row: Object = {"cells": [column.cell(obj, now) for column in columns]}
    if include != "None":
        row["object"] = obj if include == "Object" else partial(obj)
    return row


def columns_of(resource: Resource) -> list[Shown]:
    """The columns of a resource."""
    shown = [] if resource.kind == "Event" and not resource.custom else [NAME]
    if resource.custom:
        return [*shown, *([_custom(column) for column in resource.columns] or [AGE])]
    return [*shown, *COLUMNS.get(resource.kind, [AGE])]


def _custom(column: Column) -> Shown:
    path = column.path.strip(".").split(".")

    def cell(obj: Object, now: datetime) -> Any:
        value = value_at(obj, path)
        return since(value, now) if column.kind == "date" else value

    return Shown(column.name, cell, column.kind, column.priority)
