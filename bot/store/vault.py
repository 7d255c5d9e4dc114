"""Encryption at rest of what was confirmed: values hold secrets, and the database is backed up and copied."""

import hashlib
import hmac
import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from bot.store.errors import StoreError


class Vault:
    """Encrypts and decrypts with the store's key (Fernet: AES-128-CBC with HMAC-SHA256)."""

    def __init__(self, key: bytes) -> None:
        self._fernet = Fernet(key)
        self._key = key

    @classmethod
    def open(cls, key_file: Path) -> "Vault":
        """Read the key; the first start writes it, readable by the bot's user alone.

        Raises: StoreError when the file can't be read, written or used.
        """
        try:
            key_file.parent.mkdir(parents=True, exist_ok=True)
            try:
                descriptor = os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except FileExistsError:
                return cls(key_file.read_bytes().strip())
            with os.fdopen(descriptor, "wb") as file:
                file.write(Fernet.generate_key())
            return cls(key_file.read_bytes())
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
                "The store's key file is not the one that sealed this operation's values"
            ) from error

    def fingerprint(self, data: bytes) -> str:
        """A keyed hash: the same data gives the same text here, and nobody can guess data from it."""
        return hmac.new(self._key, data, hashlib.sha256).hexdigest()
