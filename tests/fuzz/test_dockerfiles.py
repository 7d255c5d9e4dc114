"""Dockerfiles and .dockerignore files that the built-in builder reads: anybody's who may push."""

import tempfile
from contextlib import suppress
from pathlib import Path
from threading import Event

from hypothesis import given

from bot.images.builders.builtin.context import Context
from bot.images.builders.builtin.parsing import parse, refusal
from bot.images.builders.builtin.stage import Stage
from bot.images.errors import BuildFailed
from tests.fuzz.making import fuzzed, near


@fuzzed
@given(near("dockerfiles"), near("dockerfiles"))
def test_any_dockerfile_is_followed_or_refused_and_stays_in_its_folder(
    dockerfile: bytes, ignored: bytes
) -> None:
    with tempfile.TemporaryDirectory() as folder, suppress(BuildFailed, OSError):
        source, room = Path(folder, "source"), Path(folder, "room")
        (source / "conf").mkdir(parents=True)
        room.mkdir()
        (source / "shop").write_text("the shop")
        (source / "conf" / "a.yaml").write_text("a: 1")
        (source / "out").symlink_to("../room")
        (source / ".dockerignore").write_bytes(ignored)
        stage = Stage(Context(source, source / "Dockerfile"), room, {}, "linux/amd64")
        for instruction in parse(dockerfile.decode(errors="replace")):
            if refusal(instruction) is None:
                with suppress(BuildFailed, OSError):  # what follows is read all the same
                    stage.follow(instruction, Event())
        assert {each.name for each in Path(folder).iterdir()} == {"source", "room"}
        assert all(each.name.startswith("layer-") for each in room.iterdir())
