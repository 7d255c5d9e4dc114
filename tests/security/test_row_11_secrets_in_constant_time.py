"""Secrets are compared in constant time, ours before any library sees them (security.md, row 11)."""

import ast
from pathlib import Path

import pytest

import bot


def _is_secret(node: ast.expr) -> bool:
    names = {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}
    names |= {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    return any(word in name.lower() for name in names for word in ("secret", "signature", "hmac", "password"))


@pytest.mark.parametrize("package", ["web", "webhooks", "telegram", "commands", "store", "app.py"])
def test_secrets_are_compared_in_constant_time_only(package: str) -> None:
    root = Path(bot.__file__).parent / package
    files = [root] if root.is_file() else sorted(root.rglob("*.py"))
    assert files
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Compare) and any(
                isinstance(op, (ast.Eq, ast.NotEq, ast.In)) for op in node.ops
            ):
                assert not any(_is_secret(side) for side in (node.left, *node.comparators)), (
                    f"{file}:{node.lineno}"
                )
