"""Puts the groups of questions together, prints the findings, and says whether all is well."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import TextIO

from bot.app import Parts, opened_for_planning
from bot.checking import account, chats, clusters, files, releases, rights, sources, unset
from bot.checking.lines import Answer, Finding, Group, Question, answered
from bot.checking.rights import Grants
from bot.clock import Clock
from bot.config import SecretMissing
from bot.current import Current
from bot.failing import FOR_PEOPLE
from bot.rbac.writing import as_documents
from bot.telegram.transport import connect


async def check(
    paths: Sequence[Path],
    environ: Mapping[str, str],
    out: TextIO,
    *,
    as_json: bool = False,
    clock: Clock | None = None,
) -> int:
    """Print a line for each thing; 0 when nothing is wrong, 1 otherwise.

    Raises: ConfigInvalid when the file itself is not.
    """
    current = await Current.opened(paths, environ)
    grants = Grants()
    report = _Report(current, out, as_json)
    async with AsyncExitStack() as owned:
        first = [_file(current), unset.group(current.config, paths, environ)]
        try:
            parts = await owned.enter_async_context(opened_for_planning(paths, environ, clock))
        except FOR_PEOPLE as error:
            groups = [*first, Group("Store", [Question("store", _raising(error))])]
        else:
            groups = [*first, *await _asked(parts, owned, grants)]
        async for group, found in answered(groups):
            report.tell(group.title, found)
    report.end(grants)
    return 1 if report.wrong else 0


def _file(current: Current) -> Group:
    async def ask() -> Answer:
        problems = current.texts.problems()
        well = Finding("ok", "configuration", f"{len(current.config.targets())} apps in environments")
        return [well, *(Finding("wrong", "template", problem) for problem in problems)]

    return Group("Configuration", [Question("configuration", ask)])


async def _asked(parts: Parts, owned: AsyncExitStack, grants: Grants) -> list[Group]:
    telegram = parts.current.config.telegram
    try:
        bot = await owned.enter_async_context(
            connect(
                telegram.token.read, api_url=telegram.api_url, proxy=telegram.proxy, ca_file=telegram.ca_file
            )
        )
        at_telegram = [account.group(parts, bot), chats.group(parts, bot)]
    except SecretMissing:  # told among the secrets
        at_telegram = []
    return [
        *at_telegram,
        files.group(parts),
        clusters.group(parts),
        sources.group(parts),
        rights.group(parts, grants),
        releases.group(parts),
    ]


def _raising(error: Exception) -> Callable[[], Awaitable[Answer]]:
    async def ask() -> Answer:
        raise error

    return ask


class _Report:
    """Writes findings as they come, secrets masked, and counts them."""

    def __init__(self, current: Current, out: TextIO, as_json: bool) -> None:
        self._current = current
        self._out = out
        self._as_json = as_json
        self._all: list[dict[str, str]] = []
        self.wrong = 0
        self._notes = 0

    def tell(self, title: str, found: Sequence[Finding]) -> None:
        """One group's lines."""
        self.wrong += sum(each.mark == "wrong" for each in found)
        self._notes += sum(each.mark == "note" for each in found)
        mask = self._current.masker.mask_text
        told = [replace(each, about=mask(each.about), words=mask(each.words)) for each in found]
        self._all += [{"group": title, **asdict(each)} for each in told]
        if not self._as_json and told:
            lines = "".join(f"  {each.mark:<5} {each.about}: {each.words}\n" for each in told)
            self._out.write(f"{title}\n{lines}")

    def end(self, grants: Grants) -> None:
        """What would grant the missing rights, and the count."""
        roles = list(grants.roles())
        if self._as_json:
            whole = {"findings": self._all, "wrong": self.wrong, "grants": dict(roles)}
            self._out.write(json.dumps(whole, indent=2, ensure_ascii=False) + "\n")
            return
        for cluster, documents in roles:
            self._out.write(f"\nWhat would grant it in cluster {cluster} (kubectl apply -f -):\n")
            self._out.write(f"{as_documents(documents)}...\n")
        counts = f"{self.wrong} wrong, {self._notes} to note, {len(self._all)} lines"
        self._out.write(f"\n{counts}\n" if self.wrong else f"\nNothing is wrong: {counts}\n")
