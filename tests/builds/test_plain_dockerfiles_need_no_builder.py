"""The built-in builder makes what a Dockerfile copies and says into an image, and refuses the rest by name."""

import asyncio
import os
from pathlib import Path

import pytest

from bot.events import BuildStep, Pushed
from bot.images.errors import BuildFailed
from bot.images.registry import Registries
from tests.builds.plain import build, builder, request_for, write

FILES = {
    "shop": "#!/bin/sh\n",
    "conf/shop.yaml": "port: 8080\n",
    "conf/deep/er.yaml": "a: 1\n",
    "notes.txt": "n\n",
}


async def test_an_image_says_what_its_dockerfile_says(tmp_path: Path) -> None:
    dockerfile = """
    # syntax=docker/dockerfile:1
    ARG VERSION=dev
    FROM scratch AS shop
    ARG VERSION
    ARG TARGETARCH
    COPY shop /bin/
    ENV PORT=8080 HOME="/srv/my shop" \\
        # where it listens
        PATH=/bin:${PATH:-/usr/bin}
    LABEL made.by='Lee & Kim' \\
        version=$VERSION arch=${TARGETARCH}
    WORKDIR /srv
    WORKDIR data
    EXPOSE $PORT 53/udp
    USER 1000:1000
    ENTRYPOINT ["/bin/shop"]
    CMD ["--port", "$PORT"]
    """
    built = await build(
        tmp_path,
        FILES,
        dockerfile,
        args={"VERSION": "v3"},
        labels={"org.opencontainers.image.revision": "4f0c"},
        target="shop",
        platforms=("linux/arm64/v8",),
    )
    assert built.config["config"] == {
        "Env": ["PORT=8080", "HOME=/srv/my shop", "PATH=/bin:/usr/bin"],
        "Labels": {
            "made.by": "Lee & Kim",
            "version": "v3",
            "arch": "arm64",
            "org.opencontainers.image.revision": "4f0c",
        },
        "WorkingDir": "/srv/data",
        "ExposedPorts": {"8080/tcp": {}, "53/udp": {}},
        "User": "1000:1000",
        "Entrypoint": ["/bin/shop"],
        "Cmd": ["--port", "$PORT"],
    }
    about = (built.config["os"], built.config["architecture"], built.config["variant"])
    assert about == ("linux", "arm64", "v8")
    with_layers = [each["created_by"] for each in built.config["history"] if not each.get("empty_layer")]
    assert with_layers == ["COPY shop /bin/", "WORKDIR /srv", "WORKDIR data"]


@pytest.mark.parametrize(
    ("copy", "paths"),
    [
        ("COPY shop /app", {"app"}),
        ("COPY shop /app/", {"app", "app/shop"}),
        ("COPY shop conf/shop.yaml /app/", {"app", "app/shop", "app/shop.yaml"}),
        ("COPY conf /app", {"app", "app/shop.yaml", "app/deep", "app/deep/er.yaml"}),
        ("COPY conf/*.yaml ./", {"shop.yaml"}),
        ("COPY [s]ho? .", {"shop"}),
        ("COPY *t* /a/", {"a", "a/notes.txt"}),
        ('COPY ["shop", "/my shop"]', {"my shop"}),
        ("WORKDIR /srv\nCOPY shop .", {"srv", "srv/shop"}),
        (
            "COPY conf /app\nCOPY shop /app",
            {"app", "app/shop.yaml", "app/deep", "app/deep/er.yaml", "app/shop"},
        ),
        (
            "COPY . /",
            {"shop", "conf", "conf/shop.yaml", "conf/deep", "conf/deep/er.yaml", "notes.txt", "Dockerfile"},
        ),
        ("COPY /conf/shop.yaml /x", {"x"}),
    ],
)
async def test_files_land_where_docker_would_put_them(tmp_path: Path, copy: str, paths: set[str]) -> None:
    built = await build(tmp_path, FILES, f"FROM scratch\n{copy}\n")
    assert set(built.members()) == paths


async def test_modes_owners_and_links_are_kept_or_set(tmp_path: Path) -> None:
    source = tmp_path / "source"
    write(source, FILES)
    (source / "shop").chmod(0o700)
    (source / "conf" / "now").symlink_to("shop.yaml")
    (source / "latest").symlink_to("conf/shop.yaml")
    copies = "COPY . /\nCOPY --chown=10:20 --chmod=0640 notes.txt /mine/\nCOPY latest /there/\n"
    built = await build(tmp_path, {}, f"FROM scratch\n{copies}")
    members = built.members()
    assert (members["shop"].mode, members["notes.txt"].mode, members["conf"].mode) == (0o755, 0o644, 0o755)
    assert {(each.uid, each.gid) for each in members.values() if each.name != "mine/notes.txt"} == {(0, 0)}
    mine = members["mine/notes.txt"]
    assert (mine.uid, mine.gid, mine.mode) == (10, 20, 0o640)
    assert members["conf/now"].issym()
    assert members["conf/now"].linkname == "shop.yaml"
    assert members["there/latest"].isreg()
    assert built.text("there/latest") == "port: 8080\n"


@pytest.mark.parametrize(
    ("ignore", "left"),
    [
        ("conf\n*.txt\n", {"shop", "Dockerfile", ".dockerignore"}),
        ("**/*.yaml\n.*\nDockerfile\n", {"shop", "notes.txt", "conf", "conf/deep"}),
        ("# all\n*\n!conf/shop.yaml\n", {"conf", "conf/shop.yaml"}),
        ("/conf/\n./shop\n", {"notes.txt", "Dockerfile", ".dockerignore"}),
        ("*\n!conf\nconf/deep\n", {"conf", "conf/shop.yaml"}),
    ],
)
async def test_what_is_ignored_is_not_copied(tmp_path: Path, ignore: str, left: set[str]) -> None:
    built = await build(tmp_path, {**FILES, ".dockerignore": ignore}, "FROM scratch\nCOPY . /\n")
    assert set(built.members()) == left


async def test_the_same_files_make_the_same_layers(tmp_path: Path) -> None:
    first = await build(tmp_path / "one", FILES, "FROM scratch\nCOPY . /\n")
    write(tmp_path / "two" / "source", dict(reversed(FILES.items())))
    os.utime(tmp_path / "two" / "source" / "shop", (1, 1))
    second = await build(tmp_path / "two", {}, "FROM scratch\nCOPY . /\n")
    assert first.layers == second.layers


async def test_how_far_it_is_is_told(tmp_path: Path) -> None:
    built = await build(tmp_path, {"big": os.urandom(400_000).hex()}, "FROM scratch\nCOPY big /\n")
    steps = [(each.number, each.of, each.state) for each in built.events if isinstance(each, BuildStep)]
    assert steps == [(1, 2, "running"), (1, 2, "done"), (2, 2, "running"), (2, 2, "done")]
    pushes = [each for each in built.events if isinstance(each, Pushed)]
    assert len(pushes) > 3
    assert [each.done for each in pushes] == sorted(each.done for each in pushes)
    assert pushes[-1].done == pushes[-1].of > 400_000


@pytest.mark.parametrize(
    ("dockerfile", "words", "at"),
    [
        ("FROM scratch\nCOPY shop /\nRUN make", "RUN needs another builder", 3),
        ("FROM scratch\nADD shop /", "ADD needs another builder", 2),
        ("FROM python:3.11\nCOPY shop /", "FROM anything but scratch", 1),
        ("FROM scratch AS a\nFROM scratch\nCOPY shop /", "A second FROM", 2),
        ("FROM scratch\nCOPY --from=a shop /", "COPY --from needs another", 2),
        ("FROM scratch\nCOPY --chown=app shop /", "--chown by anything but numbers", 2),
        ("FROM scratch\nCOPY --chmod=u+x shop /", "--chmod by anything but numbers", 2),
        ("FROM --platform=linux/arm64 scratch\nCOPY shop /", "FROM --platform needs another", 1),
        ("FROM scratch\nCOPY <<EOF /x\ntext\nEOF\n", "text that stands in the Dockerfile", 2),
        ("FROM scratch\nCOPPY shop /", "COPPY is no instruction", 2),
        ("FROM scratch\nCOPY ../secret /", "leads out of the source", 2),
        ("FROM scratch\nCOPY out/secret /", "link that leads out of the source", 2),
        ("FROM scratch\nCOPY o*t /", "link that leads out of the source", 2),
        ("FROM scratch\nCOPY nothing /", "nothing is not in the source", 2),
        ("FROM scratch\nCOPY shop", "a source and a target", 2),
        ("FROM", "It says nothing", 1),
        ("FROM scratch\nCOPY --link", "It says nothing", 2),
        ('FROM scratch\nCOPY ["shop", "/\\ud800"]', "is no path", 2),
        ('FROM scratch\nCOPY ["s\\u0000p", "/"]', "is no path", 2),
        ("FROM scratch\nCOPY shop notes.txt /app", "Several sources need a folder", 2),
        ("FROM scratch\nCOPY shop /a\nCOPY conf /a/b", "/a is a file in the image already", 3),
        ("FROM scratch\nCOPY links /a/\nCOPY shop /a/etc/", "/a/etc is a link in the image already", 3),
        ("FROM scratch\nCOPY shop /.wh.app", "no name for a file", 2),
        ("FROM scratch\nENV A='open", "a quote that does not end", 2),
        ("FROM scratch\nENV A=${B%x}", "a variable of a kind", 2),
        ("FROM scratch\nENV A", "A has no value", 2),
        ("FROM scratch\nEXPOSE http", "http is no port", 2),
        ("COPY shop /", "no FROM", 0),
        ("CMD [\"x\"]\nFROM scratch", "It stands before FROM", 1),
        ("# escape=`\nFROM scratch", "go on with ` need another", 0),
        ("FROM scratch\nLABEL a=b", "copies nothing", 0),
        ("", "no FROM", 0),
    ],
)  # fmt: skip
async def test_what_it_cannot_do_is_said_by_name(
    tmp_path: Path, dockerfile: str, words: str, at: int
) -> None:
    source = tmp_path / "source"
    write(source, {**FILES, "Dockerfile": dockerfile})
    (tmp_path / "secret").write_text("s3cret")
    (source / "out").symlink_to("..")
    (source / "links").mkdir()
    (source / "links" / "etc").symlink_to("/etc")
    events: list[object] = []
    async with Registries() as registries:
        with pytest.raises(BuildFailed, match=words):
            await builder(registries).build(request_for(tmp_path, "127.0.0.1:1/shop:v1"), events.append)
    failed = [each.number for each in events if isinstance(each, BuildStep) and each.state == "failed"]
    assert failed == ([at] if at else [])


async def test_what_is_no_platform_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BuildFailed, match="moon is no platform"):
        await build(tmp_path, FILES, "FROM scratch\nCOPY shop /\n", platforms=("moon",))


async def test_a_cancel_ends_it_in_the_middle_of_a_file(tmp_path: Path) -> None:
    write(tmp_path / "source", {"Dockerfile": "FROM scratch\nCOPY endless /\n"})
    with (tmp_path / "source" / "endless").open("wb") as endless:
        endless.truncate(2**40)
    async with Registries() as registries:
        building = asyncio.create_task(
            builder(registries).build(request_for(tmp_path, "127.0.0.1:1/shop:v1"), lambda _: None)
        )
        layer = tmp_path / "room" / "layer-0"
        async with asyncio.timeout(60):
            while not layer.exists():
                await asyncio.to_thread(os.sched_yield)
            building.cancel()
            with pytest.raises(asyncio.CancelledError):
                await building
    assert str(layer) not in opened()  # nothing goes on in a thread


def opened() -> list[str]:
    """The files that this process has open."""
    return [os.readlink(each) for each in Path("/proc/self/fd").iterdir() if each.is_symlink()]
