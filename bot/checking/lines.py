"""The lines of `check`: questions that are asked side by side and answered in the order in which they were put."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.failing import FOR_PEOPLE, words_of

LONGEST = 20.0
"""Seconds for one line: a wrong address may swallow packets."""

AT_ONCE = 12
"""Questions asked at the same time: a few would make a check of many apps long, all of them a burst."""

Mark = Literal["ok", "note", "wrong"]
"""`note` is no reason for a bad exit code: it works, and there is something to know."""


@dataclass(frozen=True)
class Finding:
    """One line: what it is about, and in words what is so, where, and how to mend it."""

    mark: Mark
    about: str
    words: str


Answer = str | Finding | Sequence[Finding]
"""Words are of a line that is `ok`."""


@dataclass(frozen=True)
class Question:
    """Something to find out, independent of all others.

    What `ask` raises for people is the line's words, and the line is `wrong`.
    """

    about: str
    ask: Callable[[], Awaitable[Answer]]
    longest: float = LONGEST


@dataclass(frozen=True)
class Group:
    """Lines that belong together."""

    title: str
    questions: Sequence[Question]


async def answered(groups: Sequence[Group]) -> AsyncIterator[tuple[Group, Sequence[Finding]]]:
    """The findings of each group in their order, as soon as they are known."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(question: Question) -> Sequence[Finding]:
        async with turns:
            return await _found(question)

    asking = [[asyncio.create_task(one(each)) for each in group.questions] for group in groups]
    try:
        for group, tasks in zip(groups, asking, strict=True):
            found = await asyncio.gather(*tasks)
            yield group, [line for lines in found for line in lines]
    finally:
        tasks = [task for tasks in asking for task in tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _found(question: Question) -> Sequence[Finding]:
    try:
        async with asyncio.timeout(question.longest):
            answer = await question.ask()
    except TimeoutError:
        words = f"no answer within {question.longest:g} s: check the address and the network"
        return [Finding("wrong", question.about, words)]
    except FOR_PEOPLE as error:
        return [Finding("wrong", question.about, words_of(error).replace("\n", "; "))]
    if isinstance(answer, str):
        return [Finding("ok", question.about, answer)]
    return [answer] if isinstance(answer, Finding) else answer
