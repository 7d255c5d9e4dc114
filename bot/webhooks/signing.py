"""Signatures over the bytes of a body, compared in constant time; and the names by which a call is known again."""

import hashlib
import hmac


def digest(secret: bytes, body: bytes) -> bytes:
    """HMAC-SHA256."""
    return hmac.digest(secret, body, hashlib.sha256)


def equal(given: str, right: str) -> bool:
    """Whether two texts are the same, in a time that does not tell how far they are."""
    return hmac.compare_digest(encoded(given), encoded(right))


def encoded(text: str) -> bytes:
    """A header's text as bytes, whatever it holds."""
    return text.encode("utf-8", "surrogateescape")


def names(delivery: str, body: bytes | None = None) -> tuple[str, ...]:
    """What a call is remembered by: the host's name for it, where it has one, and its body, where that counts."""
    known = [("id", encoded(delivery))] if delivery else []
    known += [("body", body)] if body is not None else []
    return tuple(f"{kind} {hashlib.sha256(content).hexdigest()}" for kind, content in known)
