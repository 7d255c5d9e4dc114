"""What is in force now: the configuration and all that is derived from it, replaced as a whole by a reload."""

import asyncio
import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import structlog
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from bot.config import Config, ConfigInvalid, Secret, SecretMissing, Target, load
from bot.masking import Masker
from bot.permissions import Policy
from bot.planning.errors import PlanRefused
from bot.planning.values import secrets_in
from bot.texts.rendering import Texts

log = structlog.get_logger(__name__)

SHOUTED = ("prod", "production", "live")
"""Names of environments where mistakes reach users: they are written in capitals and confirmed in red."""


@dataclass(frozen=True)
class InForce:
    """One configuration and what follows from it."""

    config: Config
    policy: Policy
    masker: Masker
    texts: Texts
    hidden: frozenset[str]
    """All that `masker` hides by name."""


class Current:
    """Holds what is in force; a reload that fails changes nothing."""

    def __init__(self, paths: Sequence[Path], environ: Mapping[str, str]) -> None:
        """Load the files.

        Raises: ConfigInvalid.
        """
        self._paths = tuple(paths)
        self._environ = environ
        self._pinned: dict[str, int] = {}
        self._now = self._loaded(frozenset())

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
        self._now = _hiding(self._now, frozenset(values))

    def pin(self, chats: Mapping[str, int]) -> None:
        """These chats have these ids, whatever the configuration says: public names, groups that moved."""
        self._pinned = dict(chats)
        self._now = replace(self._now, policy=Policy.of(self.config, self._pinned))

    def log_texts(self) -> None:
        """Say in the log which of the user's templates can't be used: ours are sent in their place."""
        for problem in self.texts.problems():
            log.warning("a template can't be used", problem=problem)

    async def read(self) -> InForce | list[str]:
        """Load the files again, for `put`; or their problems, one line each. Nothing changes yet."""
        try:
            return await asyncio.to_thread(self._loaded, self._now.hidden)
        except ConfigInvalid as error:
            log.warning("the configuration was not reloaded", problems=[str(each) for each in error.problems])
            return [str(each) for each in error.problems]

    def put(self, fresh: InForce, chats: Mapping[str, int] | None = None) -> None:
        """Put what was read into force; `chats` as in `pin`, where their ids were looked up anew.

        What was ever hidden stays hidden: operations that run, and messages that wait, may still hold it.
        """
        if chats is not None:
            self._pinned = dict(chats)
        fresh = replace(fresh, policy=Policy.of(fresh.config, self._pinned))
        self._now = _hiding(fresh, self._now.hidden)
        log.info("the configuration was reloaded")

    def shouts(self, environment: str) -> bool:
        """Whether an environment's name is written in capitals."""
        return environment.lower() in SHOUTED

    def shouts_at(self, target: Target) -> bool:
        """Whether a target's environment is one of those."""
        return self.shouts(target.environment.name)

    def _loaded(self, hidden: frozenset[str]) -> InForce:
        config = load(self._paths, self._environ)
        hidden = hidden.union(_known(secrets_of(config)), _in_files(config), _in_store(config))
        return InForce(
            config=config,
            policy=Policy.of(config, self._pinned),
            masker=Masker(hidden),
            texts=Texts(config.zone, config.templates),
            hidden=hidden,
        )


def _hiding(now: InForce, values: frozenset[str]) -> InForce:
    new = values - now.hidden
    return replace(now, masker=now.masker.with_values(new), hidden=now.hidden | new) if new else now


def secrets_of(config: Config) -> list[Secret]:
    """Every secret that the configuration names."""
    found = [config.telegram.token]
    if config.telegram.webhook is not None:
        found.append(config.telegram.webhook.secret)
    found += [each.password for each in config.registries.values() if each.password is not None]
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


def _in_files(config: Config) -> Iterator[str]:
    """What the values files that are secret as a whole hold now."""
    for target in config.targets():
        for layer in target.values:
            if layer.secret:
                # One that can't be read is told where it is needed.
                with contextlib.suppress(PlanRefused):
                    yield from secrets_in(layer, target)


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
