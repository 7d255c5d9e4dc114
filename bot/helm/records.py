"""A revision as Helm stores it: read here for what Helm's own calls do not tell.

The form is Helm's storage driver's: JSON, gzipped, base64 in a Secret's base64 (pkg/storage/driver/util.go).
"""

import base64
import gzip
import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

LARGEST = 1 << 20
"""Bytes that the data of a Secret may have (`MaxSecretSize` in Kubernetes' pkg/apis/core): a revision has one."""

_SHORT = ("Chart.yaml", "Chart.lock")
"""Files that Helm keeps in another form."""


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


def size(archive: bytes, files: Mapping[str, str], values: Mapping[str, Any]) -> int:
    """How large the `release` entry will be, near enough: by this the API server's limit is known beforehand.

    It has what was rendered (`files`), the values, and of the chart all files but those of subcharts.
    """
    chart = _files(archive)
    defaults = chart.pop("values.yaml", b"").decode(errors="replace")
    kept = {name: base64.b64encode(content).decode() for name, content in chart.items()}
    record = {"manifest": "---\n".join(files.values()), "config": values, "values": defaults, "chart": kept}
    plain = json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode()
    # What would fit without being packed needs no look: to pack a megabyte takes a tenth of a second.
    packed = len(plain) if len(plain) * 4 // 3 < LARGEST else len(gzip.compress(plain))
    return packed * 4 // 3


def _files(archive: bytes) -> dict[str, bytes]:
    """A chart's own files, by their paths below its folder."""
    found: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        for member in tar:
            path = PurePosixPath(*PurePosixPath(member.name).parts[1:])
            content = tar.extractfile(member) if member.isfile() else None
            if content is not None and path.parts[:1] != ("charts",) and str(path) not in _SHORT:
                found[str(path)] = content.read()
    return found


def is_applied_by_server(record: dict[str, Any]) -> bool:
    """Whether its objects were sent by server-side apply; Helm 3 merged them itself and left no word about it.

    Helm 4 goes on in the way of the revision that it upgrades, or returns to (`getUpgradeServerSideValue`).
    """
    return record.get("apply_method") == "ssa"
