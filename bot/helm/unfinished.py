"""The record of a revision whose run died, ended in that run's place.

Helm has no call for it: a revision that is `pending-*` locks its release, and Helm's own rollback frees the release
but leaves the word at the revision for ever. Which Secrets to change, and whether, is the caller's to know.
"""

from bot.helm import records

PENDING = ("pending-install", "pending-upgrade", "pending-rollback")
STATUS = "failed"
"""What an ended record says, in itself and in the label of its Secret."""


def ended(release: str, words: str) -> str:
    """The `release` entry of a Helm Secret's data, as the API has it, with its revision failed because of `words`.

    Raises: ValueError when it is no record of Helm's.
    """
    record = records.read(release)
    record["info"] |= {"status": STATUS, "description": words}
    return records.written(record)
