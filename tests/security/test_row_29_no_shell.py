"""No word of a cluster reaches a shell: there is none, and it starts no program (security.md, row 29)."""

import re
import sys
from pathlib import Path
from typing import Any

import pytest

import bot
from tests.worlds import World

SOURCES = sorted(Path(bot.__file__).parent.rglob("*.py"))


def test_no_shell_is_ever_asked_and_nothing_is_unpickled() -> None:
    refused = (
        "subprocess_shell",
        "os.system",
        "os.popen",
        "shell=True",
        "pickle",
        "marshal.loads",
        "yaml.Loader",
    )
    for file in (each for each in SOURCES if "sandbox" not in each.parts):
        text = file.read_text(encoding="utf-8")
        assert not [word for word in refused if word in text], file


def test_programs_are_started_for_a_few_alone_and_never_with_words_of_the_cluster() -> None:
    starting = re.compile(
        r"create_subprocess_exec|subprocess\.(?:run|Popen|call|check_)|os\.(?:exec|spawn|posix_)"
    )
    asking = re.compile(r"from bot import .*\bprograms\b|from bot\.programs import")
    root = Path(bot.__file__).parent
    sources = {each.relative_to(root).as_posix(): each.read_text(encoding="utf-8") for each in SOURCES}
    ours = {name: text for name, text in sources.items() if not name.startswith("sandbox/")}
    assert {name for name, text in ours.items() if starting.search(text)} == {
        "programs.py",
        "helm/workers.py",
    }
    assert {name for name, text in ours.items() if asking.search(text)} == {
        "images/builders/buildah.py",
        "images/builders/buildkit.py",
        "images/builders/running.py",
        "images/git.py",
        "images/source.py",
        "images/docker_config.py",
        "planning/decrypting.py",
    }


HOSTILE = (
    "$(touch ran)",
    "`touch ran`",
    "; touch ran #",
    "| touch ran",
    "'\"; touch ran",
    "\n touch ran\n",
    "--touch=ran",
)
STARTED: list[tuple[str, ...]] = []
"""What programs were started since somebody looked: an audit hook can't be taken away again, only be still."""
_LISTENING = False


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if _LISTENING and event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn"):
        STARTED.append(tuple(map(str, arguments)))


sys.addaudithook(_hear)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """All programs that this process starts during the test."""
    STARTED.clear()
    monkeypatch.setattr(sys.modules[__name__], "_LISTENING", True)
    return STARTED


async def test_hostile_words_of_a_cluster_start_nothing(world: World, started: list[tuple[str, ...]]) -> None:
    for number, words in enumerate(HOSTILE):
        tainted(world, words)
        for command in (
            "/status shop staging",
            "/pods shop staging",
            "/logs shop staging",
            "/diff shop staging",
        ):
            world.kim.says(command, "private")
            await world.sees(".", chat="private kim")
        world.kim.says(f"/history shop staging {number + 1}", "private")
        await world.sees(".", chat="private kim")
    assert started, "Helm's workers are started: the hook hears"
    for program in started:
        assert "touch" not in "".join(program)
        assert "bot.helm.worker" in "".join(program) or program[0].endswith("git")


def tainted(world: World, words: str) -> None:
    """Put the words wherever somebody who may write into the namespace can."""
    storage = world.cluster.storage
    for key in list(storage.keys()):
        if key.namespace == "shop-staging" and key.resource in (
            "pods",
            "deployments",
            "replicasets",
            "configmaps",
        ):
            item = storage.get(key)
            assert item is not None
            item["metadata"].setdefault("annotations", {})["note"] = words
            for status in item.get("status", {}).get("containerStatuses", ()):
                status["state"] = {"waiting": {"reason": words, "message": words}}
            for condition in item.get("status", {}).get("conditions", ()):
                condition |= {"reason": words, "message": words}
            storage.put(key, item)
