"""What is in force now: the configuration and all that is derived from it, replaced as a whole by a reload."""

import asyncio
import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import structlog
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from bot.config import Config, ConfigInvalid, Secret, SecretMissing, Target, load
from bot.config.environments import SHOUTED
from bot.config.models import ValuesLayer
from bot.masking import Masker
from bot.permissions import Policy, Suspension
from bot.planning.errors import PlanRefused
from bot.planning.values import secrets_in
from bot.texts.rendering import Texts

log = structlog.get_logger(__name__)

_AT_ONCE = 4
"""Values files that are opened at once: where SOPS has to, a process of some 100 MB lives for each."""


@dataclass(frozen=True)
class InForce:
    """One configuration and what follows from it."""

    config: Config
    policy: Policy
    masker: Masker
    texts: Texts
    hidden: frozenset[str]
    """All that `masker` hides by name."""
    public: frozenset[str]
    """What is never hidden: everybody sees it anyway."""


class Current:
    """Holds what is in force; a reload that fails changes nothing."""

    def __init__(self, paths: Sequence[Path], environ: Mapping[str, str], now: InForce) -> None:
        """Use `opened`."""
        self._paths = tuple(paths)
        self._environ = environ
        self._pinned: dict[str, int] = {}
        self._suspensions: tuple[Suspension, ...] = ()
        self._now = now

    @classmethod
    async def opened(cls, paths: Sequence[Path], environ: Mapping[str, str]) -> Self:
        """Load the files.

        Raises: ConfigInvalid.
        """
        return cls(paths, environ, await _loaded(paths, environ, {}, frozenset()))

    @property
    def config(self) -> Config:
        """The configuration."""
        return self._now.config

    @property
    def policy(self) -> Policy:
        """Who may do what."""
        return self._now.policy

    @property
    def masker(self) -> Masker:
        """Hides every secret that the configuration knows."""
        return self._now.masker

    @property
    def texts(self) -> Texts:
        """The layouts of messages."""
        return self._now.texts

    def chat(self, name: str) -> int | None:
        """The id of a chat by its name in the configuration; None while a public name is not resolved."""
        chat_id = self._pinned.get(name, self.config.chats[name].id)
        return chat_id if isinstance(chat_id, int) else None

    def hide(self, values: Iterable[str]) -> None:
        """Hide these too from now on: a secret's file may have changed since the configuration was loaded."""
        self._now = _hiding(self._now, frozenset(values) - self._now.public)

    def pin(self, chats: Mapping[str, int]) -> None:
        """These chats have these ids, whatever the configuration says: public names, groups that moved."""
        self._pinned = dict(chats)
        self._decide(self._now)

    def suspend(self, suspensions: Iterable[Suspension]) -> None:
        """These people may do nothing, each until the configuration says something else of them."""
        self._suspensions = tuple(suspensions)
        self._decide(self._now)

    def _decide(self, now: InForce) -> None:
        self._now = replace(now, policy=Policy.of(now.config, self._pinned, self._suspensions))

    def log_texts(self) -> None:
        """Say in the log which of the user's templates can't be used: ours are sent in their place."""
        for problem in self.texts.problems():
            log.warning("a template can't be used", problem=problem)

    async def read(self) -> InForce | list[str]:
        """Load the files again, for `put`; or their problems, one line each. Nothing changes yet."""
        try:
            return await _loaded(self._paths, self._environ, self._pinned, self._now.hidden)
        except ConfigInvalid as error:
            log.warning("the configuration was not reloaded", problems=[str(each) for each in error.problems])
            return [str(each) for each in error.problems]

    def put(self, fresh: InForce, chats: Mapping[str, int] | None = None) -> None:
        """Put what was read into force; `chats` as in `pin`, where their ids were looked up anew.

        What was ever hidden stays hidden: operations that run, and messages that wait, may still hold it.
        """
        if chats is not None:
            self._pinned = dict(chats)
        self._decide(_hiding(fresh, self._now.hidden))
        log.info("the configuration was reloaded")

    def shouts(self, environment: str) -> bool:
        """Whether an environment's name is written in capitals."""
        return environment.lower() in SHOUTED

    def shouts_at(self, target: Target) -> bool:
        """Whether a target's environment is one of those."""
        return self.shouts(target.environment.name)


async def _loaded(
    paths: Sequence[Path], environ: Mapping[str, str], pinned: Mapping[str, int], hidden: frozenset[str]
) -> InForce:
    """What the files say now; `hidden` is what was ever hidden.

    Raises: ConfigInvalid.
    """
    config = await asyncio.to_thread(load, paths, environ)
    in_files = await _in_files(config)

    def derived() -> InForce:
        public = _names(config)
        found = {*_known(secrets_of(config)), *in_files, *_in_store(config)} - public
        return InForce(
            config=config,
            policy=Policy.of(config, pinned),
            masker=Masker(hidden | found),
            texts=Texts(config.zone, config.templates),
            hidden=hidden | found,
            public=public,
        )

    return await asyncio.to_thread(derived)


def _hiding(now: InForce, values: frozenset[str]) -> InForce:
    new = values - now.hidden
    return replace(now, masker=now.masker.with_values(new), hidden=now.hidden | new) if new else now


def secrets_of(config: Config) -> list[Secret]:
    """Every secret that the configuration names."""
    found = [config.telegram.token]
    if config.telegram.webhook is not None:
        found.append(config.telegram.webhook.secret)
    found += [each.secret for each in config.webhooks.values()]
    found += [each.password for each in config.registries.values() if each.password is not None]
    found += [config.sops.age_key] if config.sops is not None and config.sops.age_key is not None else []
    for app in config.apps.values():
        found += app.secrets.values()
        found += [each for override in app.environments.values() for each in override.secrets.values()]
        if app.source is not None and app.source.password is not None:
            found.append(app.source.password)
        password = getattr(app.chart, "password", None)
        found += [password] if password is not None else []
    for environment in config.environments.values():
        found += environment.secrets.values()
    return found


async def _in_files(config: Config) -> list[str]:
    """What the values files that are secret, or hold what is encrypted, hold now; each is opened once."""
    layers = {
        (layer, "" if not layer.template else str(target)): target
        for target in config.targets()
        for layer in target.values
        if layer.secret or config.sops is not None
    }
    turns = asyncio.Semaphore(_AT_ONCE)

    async def texts(layer: ValuesLayer, target: Target) -> list[str]:
        # One that can't be read is told where it is needed.
        async with turns:
            with contextlib.suppress(PlanRefused):
                return await secrets_in(layer, target)
            return []

    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(texts(layer, target)) for (layer, _), target in layers.items()]
    return [text for task in asked for text in task.result()]


def _names(config: Config) -> frozenset[str]:
    """What everybody sees anyway: a database's user who is called like the app must not blacken the app's name."""
    targets = config.targets()
    names = {
        *config.apps,
        *config.environments,
        *config.clusters,
        *config.chats,
        *config.people,
        *(person.name for person in config.people.values() if person.name),
        *(each for target in targets for each in (target.release, target.namespace)),
    }
    return frozenset(names)


def _in_store(config: Config) -> Iterator[str]:
    """The password in the database's URL, which may be written in two places of it."""
    # A URL that can't be read is told where the database is opened.
    with contextlib.suppress(SecretMissing, ArgumentError, ValueError):
        url = make_url(config.store.read())
        given = url.query.get("password", ())
        yield from filter(None, (url.password, *((given,) if isinstance(given, str) else given)))


def _known(secrets: Iterable[Secret]) -> list[str]:
    """The values that can be read now; one that can't is told where it is needed."""
    values = []
    for secret in secrets:
        try:
            values.append(secret.read())
        except SecretMissing:
            continue
    return values
