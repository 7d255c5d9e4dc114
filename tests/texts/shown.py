"""What a message of the tests is: a template with values, at a moment of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

NOW = datetime(2026, 11, 25, 14, 3, tzinfo=UTC)
DIGEST = f"sha256:4f1c{'0' * 58}9a"


@dataclass(frozen=True)
class Shown:
    """A template and what it is given."""

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)
