"""What no single section can know: names that point at nothing, names that collide, targets that coincide.

Pure but for `target_findings`, which looks whether the files of values are there and inside their tree.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final
from urllib.parse import urlsplit

from rapidfuzz import fuzz, process

from bot.config.apps import App
from bot.config.environments import SHOUTED, EnvironmentFields, ValuesFile
from bot.config.models import Config, Target
from bot.config.reading import Key
from bot.config.rights import BUILT_IN_ROLES
from bot.config.sameness import mark_of
from bot.config.targets import TargetInvalid, layer, resolve
from bot.config.webhooks import GitWebhook

_VERSION: Final = re.compile(r"v?\d+(\.\d+)*([-+].*)?", re.IGNORECASE)
_NEAR: Final = 60
"""How alike, of 100, a known name must be to be proposed."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong, at a key."""

    at: Key
    message: str
    hint: str = ""


def nearest(name: str, names: Iterable[str]) -> str:
    """A hint with the known name that is most alike, or with the few that there are."""
    known = list(names)
    found = process.extractOne(name, known, scorer=fuzz.ratio, score_cutoff=_NEAR)
    if found:
        return f"did you mean {found[0]}?"
    return f"known: {', '.join(known)}" if 0 < len(known) <= 8 else ""


def findings(config: Config) -> Iterator[Finding]:
    """Everything that is wrong between the sections of a configuration, in the order of its parts."""
    for check in _CHECKS:
        yield from check(config)


def _pointing(at: Key, name: str, kind: str, names: Iterable[str]) -> Iterator[Finding]:
    known = list(names)
    if name not in known:
        yield Finding(at, f"there is no {kind} “{name}”", nearest(name, known))


def _roles(config: Config) -> Iterator[Finding]:
    known = [*BUILT_IN_ROLES, *config.roles]
    for name, role in config.roles.items():
        if name in BUILT_IN_ROLES:
            yield Finding(("roles", name), "is built in", "choose another name and extend it")
        if role.extends is not None:
            yield from _pointing(("roles", name, "extends"), role.extends, "role", known)
        seen, at = [name], role.extends
        while at is not None and at in config.roles and at not in seen:
            seen.append(at)
            at = config.roles[at].extends
        if at == name:
            yield Finding(("roles", name, "extends"), f"goes round in a circle: {' → '.join([*seen, name])}")


def _bindings(config: Config) -> Iterator[Finding]:
    for index, binding in enumerate(config.bindings):
        at: Key = ("bindings", index)
        yield from _pointing((*at, "role"), binding.role, "role", [*BUILT_IN_ROLES, *config.roles])
        for position, person in enumerate(binding.people):
            if isinstance(person, str):
                yield from _pointing((*at, "people", position), person, "person", config.people)
        for position, chat in enumerate(binding.chats):
            yield from _pointing((*at, "chats", position), chat, "chat", config.chats)
        for position, webhook in enumerate(binding.webhooks):
            yield from _pointing((*at, "webhooks", position), webhook, "webhook", config.webhooks)
        yield from _globs((*at, "apps"), binding.apps, "app", config.apps)
        yield from _globs((*at, "environments"), binding.environments, "environment", config.environments)


def _globs(at: Key, globs: Iterable[str], kind: str, names: Iterable[str]) -> Iterator[Finding]:
    known = list(names)
    for position, glob in enumerate(globs):
        if glob != "*" and not any(fnmatchcase(name, glob) for name in known):
            yield Finding((*at, position), f"no {kind} is called “{glob}”", nearest(glob, known))


def _names(config: Config) -> Iterator[Finding]:
    """Words of a command are recognised by kind, so apps, environments and versions must not be alike."""
    seen: dict[str, str] = {}
    for section, kind in (("apps", "app"), ("environments", "environment")):
        for name in getattr(config, section):
            if name.lower() in seen:
                yield Finding((section, name), f"is also the name of the {seen[name.lower()]}", "rename one")
            seen[name.lower()] = f"{kind} {name}"
            if _VERSION.fullmatch(name):
                yield Finding((section, name), "looks like a version", "choose a name with letters first")


def _ids(config: Config) -> Iterator[Finding]:
    for section in ("people", "chats"):
        seen: dict[int | str, str] = {}
        for key, entry in getattr(config, section).items():
            if entry.id in seen:
                yield Finding(
                    (section, key, "id"), f"is also the id of {seen[entry.id]}", "one of them is wrong"
                )
            seen.setdefault(entry.id, key)


def _environments(config: Config) -> Iterator[Finding]:
    for name, environment in config.environments.items():
        yield from _environment(config, ("environments", name), environment)
    for app in config.apps.values():
        for name, override in app.environments.items():
            at: Key = ("apps", app.name, "environments", name)
            yield from _pointing(at, name, "environment", config.environments)
            yield from _environment(config, at, override)


def _environment(config: Config, at: Key, fields: EnvironmentFields) -> Iterator[Finding]:
    if fields.cluster:
        yield from _pointing((*at, "cluster"), fields.cluster, "cluster", config.clusters)
    if fields.announce is not None:
        for position, channel in enumerate(fields.announce.channels):
            yield from _pointing((*at, "announce", "channels", position), channel, "chat", config.chats)
        if fields.announce.review_chat is not None:
            yield from _pointing((*at, "announce", "review"), fields.announce.review, "chat", config.chats)


def _webhooks(config: Config) -> Iterator[Finding]:
    telegram = config.telegram.webhook
    if config.webhooks and telegram and urlsplit(telegram.url).path.startswith("/webhooks/"):
        yield Finding(("telegram", "webhook", "url"), "is where git hosts call", "choose another path")
    bound = {name for binding in config.bindings for name in binding.webhooks}
    for name, webhook in config.webhooks.items():
        at: Key = ("webhooks", name)
        for position, app in enumerate(webhook.apps):
            here: Key = (*at, "apps", position)
            yield from _pointing(here, app, "app", config.apps)
            if app in config.apps:
                yield from _buildable(here, config.apps[app], webhook)
        yield from _pointing((*at, "chat"), webhook.chat, "chat", config.chats)
        if webhook.topic is not None and webhook.chat in config.chats:
            topics = config.chats[webhook.chat].topics
            yield from _pointing((*at, "topic"), webhook.topic, "topic", topics)
        if webhook.deploy is not None:
            yield from _pointing((*at, "deploy"), webhook.deploy, "environment", config.environments)
        if name not in bound:
            yield Finding(
                at, "has no role, so that it may do nothing", f"add a binding with webhooks: [{name}]"
            )


def _buildable(at: Key, app: App, webhook: GitWebhook) -> Iterator[Finding]:
    lacks = [part for part in ("image", "source", "build") if getattr(app, part) is None]
    if lacks:
        yield Finding(at, f"{app.name} can't be built: it has no {', '.join(lacks)}")
    if webhook.deploy is not None and webhook.deploy not in app.environments:
        yield Finding(at, f"{app.name} does not run in {webhook.deploy}")


def _sandbox(config: Config) -> Iterator[Finding]:
    for chat, members in (config.sandbox.members if config.sandbox else {}).items():
        yield from _pointing(("sandbox", "members", chat), chat, "chat", config.chats)
        for position, member in enumerate(members):
            yield from _pointing(("sandbox", "members", chat, position), member, "person", config.people)


def _builds(config: Config) -> Iterator[Finding]:
    job = config.builds.job
    if job is not None:
        yield from _pointing(("builds", "job", "cluster"), job.cluster, "cluster", config.clusters)
    sections = {"buildkit": config.builds.buildkit, "job": job, "docker": config.builds.docker}
    for builder, section in sections.items():
        if config.builds.builder == builder and section is None:
            yield Finding(("builds", "builder"), f"is {builder}, and there is no builds.{builder}")


_CHECKS: Final[tuple[Callable[[Config], Iterator[Finding]], ...]] = (
    _roles,
    _bindings,
    _names,
    _ids,
    _environments,
    _webhooks,
    _builds,
    _sandbox,
)


def target_findings(config: Config) -> Iterator[Finding]:
    """What is wrong with apps in their environments; only for a configuration without other findings."""
    seen: dict[tuple[str, str], list[Target]] = {}
    for app in config.apps.values():
        for name in app.environments:
            at: Key = ("apps", app.name, "environments", name)
            try:
                target = resolve(config, app.name, name)
            except TargetInvalid as error:
                where: Key = ("apps", app.name, "release") if error.field == "release" else (*at, error.field)
                yield Finding(where, str(error))
                continue
            alike = seen.setdefault((target.namespace, target.release), [])
            twin = next((each for each in alike if _one_cluster(each, target)), None)
            if twin is not None:
                yield _one_release(at, twin, target)
            alike.append(target)
            yield from _values(config, app.name, name)
            yield from _pushes(at, target)


def _one_cluster(some: Target, other: Target) -> bool:
    if some.cluster_name == other.cluster_name:
        return True
    return mark_of(some.cluster) == mark_of(other.cluster)


def _one_release(at: Key, twin: Target, target: Target) -> Finding:
    """Two names for what can be changed only once: nobody could say whose version runs there."""
    same = f"is the same release as {twin}: {twin.subject}"
    if twin.cluster_name != target.cluster_name:
        same = f"{same}, since clusters {twin.cluster_name} and {target.cluster_name} are one"
    return Finding(at, same, "give one another namespace or release")


def _pushes(at: Key, target: Target) -> Iterator[Finding]:
    """A deploy that starts by itself is in nobody's name, and never where mistakes reach users."""
    environment = target.environment
    if environment.on_push != "deploy":
        return
    if environment.name.lower() in SHOUTED:
        yield Finding(at, f"deploys to {environment.name} are confirmed by people", "use on_push: offer")
    if environment.impersonate:
        yield Finding(at, "nobody could be impersonated for a push", "use on_push: offer")


def _values(config: Config, app: str, environment: str) -> Iterator[Finding]:
    override = config.apps[app].environments[environment].values
    layers: tuple[tuple[Key, tuple[ValuesFile, ...]], ...] = (
        (("apps", app, "values"), config.apps[app].values),
        (("environments", environment, "values"), config.environments[environment].values),
        (("apps", app, "environments", environment, "values"), override),
    )
    for at, files in layers:
        for position, file in enumerate(files):
            problem = _values_file(file, app, environment)
            if problem:
                yield Finding((*at, position), problem)


def _values_file(file: ValuesFile, app: str, environment: str) -> str:
    """What is wrong with a layer's file; it has to be inside the folder that names it (security.md, row 20)."""
    path = layer(file, app, environment).path
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        return f"the values file {path} is missing"
    if not real.is_relative_to(file.folder.resolve()):
        return f"the values file {path} leads out of {file.folder}; keep it in there"
    return "" if real.is_file() else f"{path} is no file"
