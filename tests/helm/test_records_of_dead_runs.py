"""What a revision's record says once its run is known to be dead."""

import base64
import gzip
import json

import pytest

from bot.helm.unfinished import ended


def _packed(record: object) -> str:
    return base64.b64encode(base64.b64encode(gzip.compress(json.dumps(record).encode(), mtime=0))).decode()


def _unpacked(release: str) -> object:
    return json.loads(gzip.decompress(base64.b64decode(base64.b64decode(release))))


def test_only_status_and_description_change() -> None:
    record = {"name": "shop", "version": 3, "info": {"status": "pending-upgrade", "notes": "ü"}}
    assert _unpacked(ended(_packed(record), "Stopped")) == {
        "name": "shop",
        "version": 3,
        "info": {"status": "failed", "notes": "ü", "description": "Stopped"},
    }


@pytest.mark.parametrize("release", ["", "%%%", base64.b64encode(b"bm90IGd6aXA=").decode(), _packed([])])
def test_what_is_no_record_is_left_alone(release: str) -> None:
    with pytest.raises(ValueError, match="no record"):
        ended(release, "Stopped")
