"""A revision as Helm stores it: read here for what Helm's own calls do not tell.

The form is Helm's storage driver's: JSON, gzipped, base64 in a Secret's base64 (pkg/storage/driver/util.go).
"""

import base64
import gzip
import json
from typing import Any


def read(release: str) -> dict[str, Any]:
    """The record in the `release` entry of a Helm Secret's data, as the API has it.

    Raises: ValueError when it is not in that form.
    """
    try:
        record = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(release))))
        record["info"].keys()
    except (OSError, EOFError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError("this is no record of a Helm release") from error
    found: dict[str, Any] = record
    return found


def written(record: dict[str, Any]) -> str:
    """The `release` entry for a record."""
    packed = gzip.compress(json.dumps(record, separators=(",", ":")).encode(), mtime=0)
    return base64.b64encode(base64.b64encode(packed)).decode()


def is_applied_by_server(record: dict[str, Any]) -> bool:
    """Whether its objects were sent by server-side apply; Helm 3 merged them itself and left no word about it.

    Helm 4 goes on in the way of the revision that it upgrades, or returns to (`getUpgradeServerSideValue`).
    """
    return record.get("apply_method") == "ssa"
