"""Values files encrypted by SOPS: the `sops` program opens them, with the keys that the configuration names.

It gets the encrypted text by stdin and an age key by a file in memory; of its environment it gets what is listed.
What it says about a failure is quoted in part, without anything that was handed to it.
"""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot import programs
from bot.config import SecretMissing, Sops
from bot.masking import Masker
from bot.planning import paths
from bot.planning.errors import PlanRefused

LARGEST = 2 << 20
"""Bytes that sops may answer with: an encrypted file may have 1 MiB, and decrypted it is smaller."""

LONGEST_QUOTE = 200

METADATA = "sops"
"""The key of an encrypted file under which SOPS keeps what it needs to know."""

NO_KEY = 128
TAMPERED = 51
"""Exit codes of sops (its `cmd/sops/codes`): no key opens the file; its contents are not what was signed."""


def is_encrypted(values: Any) -> bool:
    """Whether a parsed file is one that SOPS encrypted: it says so in a mapping of its own."""
    return isinstance(values, dict) and isinstance(values.get(METADATA), dict)


def is_secret(value: Any) -> bool:
    """Whether a value of an encrypted file is one of those that were encrypted; the file's rules may except some."""
    return isinstance(value, str) and value.startswith("ENC[AES256_GCM,")


def stood_in(values: Any) -> Any:
    """An encrypted file's values with something of the same kind for each that is encrypted."""
    if isinstance(values, dict):
        return {key: stood_in(each) for key, each in values.items() if key != METADATA}
    if isinstance(values, list):
        return [stood_in(each) for each in values]
    if not is_secret(values):
        return values
    kind = values.rpartition("type:")[2].rstrip("]")
    return {"int": 1, "float": 1.5, "bool": True}.get(kind, "stand-in")


def refuse_remains(values: paths.Values, path: Path) -> None:
    """Refuse encrypted values that lost what SOPS needs to decrypt them, and would be taken for passwords.

    Raises: PlanRefused naming the file and the first key.
    """
    for key in sorted(paths.ends(values, is_secret)):
        raise PlanRefused(
            "A values file holds what SOPS encrypted, but not SOPS's own part",
            where=f"{path}, {paths.spelled(key)}",
            advice="Encrypt the whole file anew: this value can't be decrypted any more",
        )


async def decrypted(text: str, path: Path, sops: Sops | None) -> str:
    """The YAML that was encrypted.

    Raises: PlanRefused naming the file.
    """
    if sops is None:
        raise PlanRefused(
            "A values file is encrypted by SOPS",
            where=str(path),
            advice="Name the program that opens it: sops: {age_key_file: …} in the configuration",
        )
    try:
        key = await asyncio.to_thread(sops.age_key.read) if sops.age_key is not None else None
        given = await asyncio.to_thread(_read, sops.variables)
    except SecretMissing as error:
        raise PlanRefused("The key for SOPS can't be read", where=str(path), advice=str(error)) from error
    ended = await _run(sops, text, path, key, given)
    if ended.status != 0:
        raise _failed(ended, path, Masker([*given.values(), *([key] if key else [])]))
    return ended.output.decode(errors="replace")


def _read(variables: Mapping[str, Any]) -> dict[str, str]:
    return {name: value.read() for name, value in variables.items()}


async def _run(
    sops: Sops, text: str, path: Path, key: str | None, given: Mapping[str, str]
) -> programs.Finished:
    environment = {**{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}, **given}
    try:
        with programs.in_memory("age-key", (key or "").encode()) as descriptor:
            if key is not None:
                environment["SOPS_AGE_KEY_FILE"] = f"/dev/fd/{descriptor}"
            return await programs.run(
                sops.program,
                *("decrypt", "--input-type", "yaml", "--output-type", "yaml", "/dev/stdin"),
                environment=environment,
                seconds=sops.timeout,
                folder=path.parent,
                stdin=text.encode(),
                inherits=(descriptor,),
                largest=LARGEST,
            )
    except programs.OutOfTime as error:
        raise PlanRefused(
            f"sops did not answer within {sops.timeout:.0f} s",
            where=str(path),
            advice="Is its key service reachable? `sops: {timeout: …}` gives it longer",
        ) from error
    except programs.TooMuch as error:
        raise PlanRefused("sops answers with more than values can be", where=str(path)) from error
    except OSError as error:
        raise PlanRefused(
            f"The program {sops.program} can't be run",
            where=f"{path}: {error.strerror}",
            advice="Install SOPS, or set `sops: {program: …}` to where it is",
        ) from error


def _failed(ended: programs.Finished, path: Path, masker: Masker) -> PlanRefused:
    match ended.status:
        case status if status == NO_KEY:
            words, advice = "No key that sops has opens a values file", "Check `sops` in the configuration"
        case status if status == TAMPERED:
            words, advice = "A values file was changed after SOPS encrypted it", "Edit it with `sops edit`"
        case _:
            words, advice = "sops can't decrypt a values file", "Try `sops decrypt` on the bot's machine"
    said = masker.mask_text(" ".join(ended.words.split()))  # masked whole: half a secret looks like none
    return PlanRefused(words, where=str(path), advice=advice, quote=said[:LONGEST_QUOTE])
