"""kubectl and helm as a person at a shell has them, on the embedded cluster and a real one, and what must be alike."""

import asyncio
import os
import re
import shlex
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.control_plane.building import found

Look = Callable[[str], str]

_VOLATILE = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "(uid)"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "(time)"),
    (re.compile(r"\w{3}, \d\d \w{3} \d{4} [\d:]{8} \+0000"), "(time)"),
    (re.compile(r"\w{3} \w{3} [ \d]\d [\d:]{8} \d{4}"), "(time)"),
    (re.compile(r"\d{4}-\d\d-\d\d [\d:.]+ \+0000 UTC"), "(time)"),
    (re.compile(r"modifiedAt=\d+"), "modifiedAt=(time)"),
    (re.compile(r"kube-api-access-[a-z0-9]{5}"), "kube-api-access-(any)"),
    (re.compile(r"\b[a-f0-9]{64}\b"), "(id)"),
    (re.compile(r"\b\d+(\.\d+)?m?s\b|\b\d+m(\d+s)?\b"), "(age)"),
    (re.compile(r" \(x\d+ over \(age\)\)"), ""),
    (re.compile(r"\b(10|127|2\d\d)\.\d{1,3}\.\d{1,3}\.\d{1,3}\b"), "(address)"),
    (re.compile(r"https?://[\d.:]+|https?://\(address\)(:\d+)?"), "(url)"),
    (re.compile(r"\bworker-\d\b|\bzone-\d\b"), "(node)"),
    (re.compile(r"v1\.37\.\d+"), "(version)"),
    (
        re.compile(r"(?<=[a-z])-[bcdfghjklmnpqrstvwxz2456789]{8,10}(-[bcdfghjklmnpqrstvwxz2456789]{5})?\b"),
        "-(any)",
    ),
    (re.compile(r"pod-template-hash[=:] ?\S+"), "pod-template-hash=(any)"),
    (re.compile(r"(?<=[a-z])-[bcdfghjklmnpqrstvwxz2456789]{5}\b"), "-(any)"),
    (re.compile(r"(?<=80:)3\d{4}|(?<= )3[0-2]\d{3}(?=/TCP)"), "(port)"),
    (re.compile(r"\bresourceVersion: \"\d+\"|Resource Version: +\d+"), "(resource version)"),
    (re.compile(r"-{4,}|  +"), "  "),
    (re.compile(r" +$", re.MULTILINE), ""),
)


def whole(text: str) -> str:
    """All of it."""
    return text


def nothing(_text: str) -> str:
    """None of it: only how it ended."""
    return ""


def unordered(text: str) -> str:
    """Its lines, in whatever order they came: Events of one second have none."""
    return "\n".join(sorted(text.splitlines()))


def last_line(text: str) -> str:
    """How it ended: what is seen on the way depends on who looks when."""
    return (text.splitlines() or [""])[-1]


@dataclass(frozen=True)
class Answer:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err


@dataclass(frozen=True)
class Shell:
    """A cluster, with a namespace of the test's own that commands mean unless they say otherwise."""

    kubeconfig: Path
    namespace: str
    environment: dict[str, str] = field(default_factory=dict)
    program: str = "kubectl"

    async def run(self, words: str, stdin: str = "") -> Answer:
        """Run one command; `{ns}` in its words is the namespace."""
        async with self.following(words, stdin) as process:
            sent = stdin.replace("{ns}", self.namespace).encode() or None
            out, err = await process.communicate(sent)
            assert process.returncode is not None
            return Answer(process.returncode, out.decode(), err.decode())

    async def must(self, words: str, stdin: str = "") -> str:
        """What a command prints that has to succeed."""
        answer = await self.run(words, stdin)
        assert answer.code == 0, f"{self.program} {words}: {answer.text}"
        return answer.out

    async def refused(self, words: str, stdin: str = "") -> str:
        """What a command says that has to fail."""
        answer = await self.run(words, stdin)
        assert answer.code != 0, f"{self.program} {words}: {answer.text}"
        return answer.err

    @asynccontextmanager
    async def following(self, words: str, stdin: str = "") -> AsyncIterator[asyncio.subprocess.Process]:
        """A command that goes on until it is left."""
        process = await asyncio.create_subprocess_exec(
            str(found()[self.program]),
            f"--kubeconfig={self.kubeconfig}",
            *shlex.split(words.replace("{ns}", self.namespace)),
            stdin=asyncio.subprocess.PIPE if stdin else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=os.environ | self.environment,
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    def plain(self, answer: Answer, look: Look) -> tuple[int, str, str]:
        """The answer without what is another each time, or on the other cluster."""
        out, err = (self._plain(text) for text in (answer.out, answer.err))
        return answer.code, look(out), look(err)

    def _plain(self, text: str) -> str:
        text = text.replace(self.namespace, "(own)")
        for pattern, instead in _VOLATILE:
            text = pattern.sub(instead, text)
        return text.strip()


@dataclass(frozen=True)
class Both:
    """The same person at two clusters."""

    embedded: Shell
    real: Shell

    async def agree(self, words: str, stdin: str = "", look: Look = whole) -> str:
        """Run the same on both: they must say the same, of which the embedded one's words are returned."""
        embedded, real = await asyncio.gather(self.embedded.run(words, stdin), self.real.run(words, stdin))
        shown, wanted = self.embedded.plain(embedded, look), self.real.plain(real, look)
        told = (
            f"{self.embedded.program} {words}:\n{shown[1]}{shown[2]}\n\nthe real one:\n{wanted[1]}{wanted[2]}"
        )
        assert shown == wanted, told
        return embedded.text

    async def until(self, words: str) -> None:
        """Run it on both until it succeeds: what it asks for reaches a real API server's caches a little later."""
        for side in (self.embedded, self.real):
            while (await side.run(words)).code:
                pass

    async def must(self, words: str, stdin: str = "") -> None:
        """Run what has to succeed on both, whatever it says."""
        await asyncio.gather(self.embedded.must(words, stdin), self.real.must(words, stdin))
