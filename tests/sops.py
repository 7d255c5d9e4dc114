"""The real `sops`, which comes with the development environment, and age keys for it."""

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import pyrage
import yaml

PROGRAM = str(Path(sys.executable).with_name("sops"))


@dataclass(frozen=True)
class Key:
    """An age identity in a file, and what encrypts for it."""

    file: Path
    recipient: str

    @property
    def text(self) -> str:
        """The identity itself: a secret."""
        return self.file.read_text(encoding="utf-8").strip()


def new_key(file: Path) -> Key:
    """Make an identity and keep it in `file`."""
    identity = pyrage.x25519.Identity.generate()
    file.write_text(f"{identity}\n", encoding="utf-8")
    return Key(file, str(identity.to_public()))


async def encrypted(values: object, key: Key, *options: str) -> str:
    """The values as a file that SOPS encrypted; `options` are those of `sops encrypt`."""
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        *("encrypt", "--age", key.recipient, "--input-type", "yaml", "--output-type", "yaml"),
        *options,
        "/dev/stdin",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={"HOME": os.devnull},
    )
    output, _ = await process.communicate(yaml.safe_dump(values).encode())
    assert process.returncode == 0
    return output.decode()
