"""What can be wrong with the store.

StoreError
├── StoreTooNew        a newer Pilothouse wrote it
├── StoreDamaged       the database can't be read, or is not ours
└── StoreUnreachable   it does not answer, or may not be opened; nothing is known of its content
"""


class StoreError(Exception):
    """The store can't be used; the message says what to do."""


class StoreTooNew(StoreError):
    """The database was written by a newer version of Pilothouse."""

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"The store was written by a newer Pilothouse (schema {revision}). "
            "Start that version again, or restore the backup that was made before it."
        )


class StoreDamaged(StoreError):
    """The database is damaged or not a database of ours; nothing was overwritten."""

    def __init__(self, where: str, words: str) -> None:
        super().__init__(
            f"The store at {where} can't be used: {words}. Nothing was changed; restore it from a backup."
        )


class StoreUnreachable(StoreError):
    """The database does not answer or can't be opened."""

    def __init__(self, where: str, words: str) -> None:
        super().__init__(f"The store at {where} can't be opened: {words}")
