"""Encryption at rest of what was confirmed: values hold secrets, and the database is backed up and copied."""

import contextlib
import hashlib
import hmac
import os
import tempfile
from pathlib import Path

import structlog
from cryptography.fernet import Fernet, InvalidToken

from bot.store.errors import StoreError

_OTHERS = 0o077
"""The permissions of everybody but the file's owner."""

log = structlog.get_logger(__name__)


class Vault:
    """Encrypts and decrypts with the store's key (Fernet: AES-128-CBC with HMAC-SHA256)."""

    def __init__(self, key: bytes, file: Path, *, exposed: bool) -> None:
        """Use `open`."""
        self._fernet = Fernet(key)
        self._key = key
        self.file = file
        self.exposed = exposed
        """Whether others than the file's owner can read the key."""

    @classmethod
    def open(cls, key_file: Path) -> "Vault":
        """Read the key; the first start writes it, readable by the bot's user alone.

        One that others can read is used all the same, and told in the log: where it is mounted, its mode may be
        nobody's choice.

        Raises: StoreError when the file can't be read, written or used.
        """
        try:
            if not key_file.exists():
                _write_key(key_file)
            exposed = bool(key_file.stat().st_mode & _OTHERS)
            if exposed:
                log.warning("the store's key can be read by others", file=str(key_file), mend="chmod 600")
            return cls(key_file.read_bytes().strip(), key_file, exposed=exposed)
        except (OSError, ValueError) as error:
            raise StoreError(f"The store's key file {key_file} can't be used: {error}") from error

    def seal(self, data: bytes) -> bytes:
        """Encrypt."""
        return self._fernet.encrypt(data)

    def unseal(self, data: bytes) -> bytes:
        """Decrypt.

        Raises: StoreError when it was sealed with another key.
        """
        try:
            return self._fernet.decrypt(data)
        except InvalidToken as error:
            raise StoreError(
                "The store's key file is not the one that sealed this operation's values. "
                "Restore it, or ask for the operation again"
            ) from error

    def fingerprint(self, data: bytes) -> str:
        """A keyed hash: the same data gives the same text here, and nobody can guess data from it."""
        return hmac.new(self._key, data, hashlib.sha256).hexdigest()


def _write_key(key_file: Path) -> None:
    """Write a new key whole or not at all: a process that starts meanwhile, or a crash, must not see half of it."""
    key_file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=key_file.parent)  # readable by its owner alone
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(Fernet.generate_key())
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):  # another start was faster: its key is the key
            os.link(name, key_file)
    finally:
        os.unlink(name)
