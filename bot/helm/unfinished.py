"""The record of a revision whose run died, ended in that run's place.

Helm has no call for it: a revision that is `pending-*` locks its release, and Helm's own rollback frees the release
but leaves the word at the revision for ever. Which Secrets to change, and whether, is the caller's to know.
"""

import base64
import gzip
import json

PENDING = ("pending-install", "pending-upgrade", "pending-rollback")
STATUS = "failed"
"""What an ended record says, in itself and in the label of its Secret."""


def ended(release: str, words: str) -> str:
    """The `release` entry of a Helm Secret's data, as the API has it, with its revision failed because of `words`.

    The form is Helm's storage driver's: JSON, gzipped, base64 in a Secret's base64 (pkg/storage/driver/util.go).
    Raises: ValueError when it is not in that form.
    """
    try:
        record = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(release))))
        record["info"] |= {"status": STATUS, "description": words}
    except (OSError, EOFError, KeyError, TypeError, ValueError) as error:
        raise ValueError("this is no record of a Helm release") from error
    packed = gzip.compress(json.dumps(record, separators=(",", ":")).encode(), mtime=0)
    return base64.b64encode(base64.b64encode(packed)).decode()
