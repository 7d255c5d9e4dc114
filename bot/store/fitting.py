"""Text as every database takes it: names and messages of people may hold what PostgreSQL or UTF-8 refuses."""


def storable(text: str) -> str:
    """`text` without NUL, and with a question mark for half a character."""
    return text.replace("\0", "").encode(errors="replace").decode()
