"""What an image has come to after some of its instructions. Its methods may block."""

from __future__ import annotations

import json
import os
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Any, Final, Literal

from bot.images.builders.builtin.context import Context
from bot.images.builders.builtin.layers import Entry, Layer, write_layer
from bot.images.builders.builtin.parsing import Elsewhere, Instruction
from bot.images.builders.builtin.words import expanded, listed, pairs, split
from bot.images.errors import BuildFailed
from bot.images.pushing import Document, Image
from bot.images.wording import one_line

MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
CONFIG: Final = "application/vnd.oci.image.config.v1+json"

_PORT = re.compile(r"\d{1,5}(?:-\d{1,5})?(?:/(?:tcp|udp|sctp))?")
_MODE = re.compile(r"0?[0-7]{3,4}")
_OWNER = re.compile(r"(?P<user>\d{1,9})(?::(?P<group>\d{1,9}))?")
_PLATFORM = re.compile(r"[a-z0-9]+/[a-z0-9_]+(?:/[a-z0-9.]+)?")
_HIDES = ".wh."
"""How names begin that make a layer hide others (OCI image specification, "Whiteouts")."""

Kind = Literal["folder", "file", "link"]


class Stage:
    """An image that is being made."""

    def __init__(self, context: Context, folder: Path, given: Mapping[str, str], platform: str) -> None:
        """Layers are written into `folder`; `given` are values for ARG, `platform` is such as `linux/amd64`.

        Raises: BuildFailed.
        """
        self._context = context
        self._folder = folder
        self._platform = platform.split("/")
        self._given = {**of_platform(platform, "TARGET"), **given}
        self._before: dict[str, str] = {}
        """What ARG said before FROM."""
        self._args: dict[str, str] = {}
        self._env: dict[str, str] = {}
        self._labels: dict[str, str] = {}
        self._settings: dict[str, Any] = {}
        self._home = "/"
        self._tree: dict[str, Kind] = {"": "folder"}
        """All paths so far, without the first slash."""
        self._layers: list[Layer] = []
        self._history: list[dict[str, Any]] = []
        self.name: str | None = None
        """What FROM calls it; "" where it does not. None before FROM."""

    def follow(self, instruction: Instruction, stop: Event) -> str:
        """Do what an instruction says; what there is to tell of it. Raises: BuildFailed, Stopped, OSError."""
        if self.name is None and instruction.name not in ("ARG", "FROM"):
            raise BuildFailed("It stands before FROM")
        if not instruction.rest.strip():
            raise BuildFailed("It says nothing")
        before = len(self._layers)
        if instruction.name == "COPY":
            said = self._copy(instruction, stop)
        else:
            refuse_flags(instruction)
            said = self._acts()[instruction.name](instruction.rest, stop) or ""
        if self.name is not None:
            was_empty = len(self._layers) == before
            self._history.append(
                {"created_by": instruction.text, **({"empty_layer": True} if was_empty else {})}
            )
        return said

    def image(self, created: datetime, labels: Mapping[str, str]) -> Image:
        """It as an image, with more labels. Raises: BuildFailed."""
        if not self._layers:
            raise BuildFailed("The Dockerfile copies nothing")
        moment = created.isoformat(timespec="seconds").replace("+00:00", "Z")
        all_labels = {**self._labels, **labels}
        settings = {
            **self._settings,
            **({"Env": [f"{key}={value}" for key, value in self._env.items()]} if self._env else {}),
            **({"Labels": all_labels} if all_labels else {}),
            **({"WorkingDir": self._home} if self._home != "/" else {}),
        }
        system, architecture, *variant = self._platform
        config = {
            "created": moment,
            "architecture": architecture,
            **({"variant": variant[0]} if variant else {}),
            "os": system,
            "config": settings,
            "rootfs": {"type": "layers", "diff_ids": [layer.unpacked for layer in self._layers]},
            "history": [{"created": moment, **each} for each in self._history],
        }
        described = Document(CONFIG, json.dumps(config, separators=(",", ":")).encode())
        blobs = [layer.blob for layer in self._layers]
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": _descriptor(described.media_type, described.digest, described.size),
            "layers": [_descriptor(each.media_type, each.digest, each.size) for each in blobs],
        }
        return Image(
            Document(MANIFEST, json.dumps(manifest, separators=(",", ":")).encode()), described, blobs
        )

    def _acts(self) -> Mapping[str, Callable[[str, Event], str | None]]:
        return {
            "ARG": self._arg,
            "CMD": lambda rest, _: self._settings.update(Cmd=_command(rest)),
            "ENTRYPOINT": lambda rest, _: self._settings.update(Entrypoint=_command(rest)),
            "ENV": lambda rest, _: self._env.update(pairs(rest, self._variables)),
            "EXPOSE": self._expose,
            "FROM": self._from,
            "LABEL": lambda rest, _: self._labels.update(pairs(rest, self._variables)),
            "USER": lambda rest, _: self._settings.update(User=expanded(rest, self._variables)),
            "WORKDIR": self._workdir,
        }

    @property
    def _variables(self) -> Mapping[str, str]:
        return {**self._args, **self._env}

    def _from(self, rest: str, _: Event) -> None:
        image, *words = rest.split()
        if expanded(image, self._before) != "scratch":
            raise Elsewhere("FROM anything but scratch needs another builder")
        if words and (len(words) != 2 or words[0].upper() != "AS"):
            raise BuildFailed("It should be FROM scratch, or FROM scratch AS name")
        self.name = words[1] if words else ""

    def _arg(self, rest: str, _: Event) -> None:
        for word in split(rest):
            name, equals, value = word.partition("=")
            here = self._before if self.name is None else self._args
            if name in self._given:
                here[name] = self._given[name]
            elif equals:
                here[name] = expanded(value, self._variables if self.name is not None else self._before)
            elif name in self._before:
                here[name] = self._before[name]

    def _expose(self, rest: str, _: Event) -> None:
        for port in (expanded(word, self._variables) for word in split(rest)):
            if not _PORT.fullmatch(port):
                raise BuildFailed(f"{one_line(port, longest=40)} is no port")
            named = port if "/" in port else f"{port}/tcp"
            self._settings.setdefault("ExposedPorts", {})[named] = {}

    def _workdir(self, rest: str, stop: Event) -> None:
        self._home = posixpath.normpath(posixpath.join(self._home, _path(rest, self._variables)))
        self._write(list(self._folders(_inner(self._home))), stop)

    def _copy(self, instruction: Instruction, stop: Event) -> str:
        mode, owner = _flags(instruction, self._variables)
        words = listed(instruction.rest) or instruction.rest.split()
        *patterns, target = [_path(word, self._variables) for word in words]
        if not patterns:
            raise BuildFailed("COPY needs a source and a target")
        entries = list(self._copied(patterns, target, mode, owner))
        self._write(entries, stop)
        files = sum(entry.file is not None for entry in entries)
        return f"{files} file{'' if files == 1 else 's'}"

    def _copied(
        self, patterns: list[str], target: str, mode: int | None, owner: tuple[int, int]
    ) -> Iterator[Entry]:
        """The entries of a COPY, parents first."""
        into = _inner(posixpath.join(self._home, target))
        sources = [each for pattern in patterns for each in self._context.sources(pattern)]
        is_folder = target.endswith(("/", "/.")) or target == "." or self._tree.get(into) == "folder"
        if len(sources) > 1 and not is_folder:
            raise BuildFailed("Several sources need a folder", advice="End the target with /")
        for source in sources:
            if source.path.is_dir():
                yield from self._folders(into, mode, owner)
                for found in self._context.below(source.path):
                    yield from self._placed(posixpath.join(into, found.name), found.path, mode, owner)
            else:
                place = posixpath.join(into, source.name) if is_folder else into
                yield from self._placed(place, source.path, mode, owner)

    def _placed(self, place: str, path: Path, mode: int | None, owner: tuple[int, int]) -> Iterator[Entry]:
        """A file, link or folder, and the folders that lead to it."""
        if path.is_symlink():
            yield from self._new(place, "link", Entry(place, 0o777, link=os.readlink(path), owner=owner))
        elif path.is_dir():
            yield from self._folders(place, mode, owner)
        elif path.is_file():
            usual = 0o755 if path.stat().st_mode & 0o100 else 0o644
            entry = Entry(place, mode if mode is not None else usual, path, owner=owner)
            yield from self._new(place, "file", entry)
        else:
            raise BuildFailed(f"{one_line(path.name, longest=60)} is neither file nor folder nor link")

    def _folders(
        self, place: str, mode: int | None = None, owner: tuple[int, int] = (0, 0)
    ) -> Iterator[Entry]:
        """A folder and those that lead to it, as far as they are not there yet."""
        if self._tree.get(place) != "folder":
            entry = Entry(place, mode if mode is not None else 0o755, owner=owner)
            yield from self._new(place, "folder", entry)

    def _new(self, place: str, kind: Kind, entry: Entry) -> Iterator[Entry]:
        parent, _, name = place.rpartition("/")
        yield from self._folders(parent)
        there = self._tree.get(place)
        if there is not None and "folder" in (there, kind):
            raise BuildFailed(f"/{one_line(place, longest=60)} is a {there} in the image already")
        if name.startswith(_HIDES):
            raise BuildFailed(f"{one_line(name, longest=60)} is no name for a file of an image")
        self._tree[place] = kind
        yield entry

    def _write(self, entries: list[Entry], stop: Event) -> None:
        """A layer of these, the last of each path."""
        if entries:
            newest = {entry.path: entry for entry in entries}
            file = self._folder / f"layer-{len(self._layers)}"
            self._layers.append(write_layer(file, newest.values(), stop))


def refuse_flags(instruction: Instruction) -> None:
    """Raises: Elsewhere where it has some."""
    for name, _ in instruction.flags:
        raise Elsewhere(f"{instruction.name} --{one_line(name, longest=20)} needs another builder")


def _flags(instruction: Instruction, variables: Mapping[str, str]) -> tuple[int | None, tuple[int, int]]:
    """Mode and owner that COPY gives."""
    mode, owner = None, (0, 0)
    for name, value in instruction.flags:
        said = expanded(value, variables)
        if name == "chmod" and _MODE.fullmatch(said):
            mode = int(said, 8)
        elif name == "chown" and (found := _OWNER.fullmatch(said)):
            owner = int(found["user"]), int(found["group"] or found["user"])
        elif name in ("chmod", "chown"):
            raise Elsewhere(f"--{name} by anything but numbers needs another builder")
        elif name != "link":
            raise Elsewhere(f"COPY --{one_line(name, longest=20)} needs another builder")
    return mode, owner


def _command(rest: str) -> list[str]:
    """What is run: as it is listed, or by a shell."""
    words = listed(rest)
    return words if words is not None else ["/bin/sh", "-c", rest]


def _path(word: str, variables: Mapping[str, str]) -> str:
    """A word that names files. Raises: BuildFailed where it can't."""
    path = expanded(word, variables)
    if not path.isprintable():
        raise BuildFailed(f"{one_line(path, longest=60)} is no path")
    return path


def _inner(path: str) -> str:
    """A path in the image without its first slash."""
    return posixpath.normpath("/" + path).lstrip("/")


def _descriptor(media_type: str, digest: str, size: int) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest, "size": size}


def of_platform(platform: str, whose: Literal["BUILD", "TARGET"]) -> dict[str, str]:
    """What ARG gets of it (Dockerfile reference, "Automatic platform ARGs"). Raises: BuildFailed."""
    if not _PLATFORM.fullmatch(platform):
        raise BuildFailed(f"{one_line(platform, longest=40)} is no platform", advice="Write linux/amd64")
    system, architecture, *variant = platform.split("/")
    return {
        f"{whose}PLATFORM": platform,
        f"{whose}OS": system,
        f"{whose}ARCH": architecture,
        f"{whose}VARIANT": variant[0] if variant else "",
    }
