"""What an app means in one environment: overrides applied, templates filled in, secrets and values put together."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.config.apps import App
from bot.config.environments import Environment, EnvironmentFields, ValuesFile
from bot.config.fields import Section

if TYPE_CHECKING:
    from bot.config.models import Config, Target, ValuesLayer

_TEMPLATES: Final = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
_LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_RELEASE: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,51}[a-z0-9])?", re.ASCII)


SectionT = TypeVar("SectionT", bound=Section)


class TargetInvalid(ValueError):
    """An app cannot be in an environment as the configuration says; `field` is what is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def resolve(config: Config, app_name: str, environment_name: str) -> Target:
    """What the app is in the environment.

    Raises: KeyError when there is no such app or it does not run there; TargetInvalid when names come out wrong.
    """
    from bot.config.models import Target

    app = config.apps[app_name]
    override = app.environments[environment_name]
    environment = merged(config.environments[environment_name], override)
    return Target(
        app=app,
        environment=environment,
        namespace=_namespace(app, environment),
        release=_release(app),
        cluster_name=environment.cluster,
        cluster=config.clusters[environment.cluster],
        values=tuple(layer(file, app_name, environment_name) for file in (*app.values, *environment.values)),
        secrets={**app.secrets, **environment.secrets},
        sops=config.sops,
    )


def merged(environment: Environment, override: EnvironmentFields) -> Environment:
    """`environment` with what the app says for itself: sections field by field, values and secrets added."""
    result = _merged(environment, override)
    return result.model_copy(
        update={
            "values": (*environment.values, *override.values),
            "secrets": {**environment.secrets, **override.secrets},
        }
    )


def layer(file: ValuesFile, app: str, environment: str) -> ValuesLayer:
    """The file of a layer of values.

    Raises: TargetInvalid when its name is a template that cannot be filled in.
    """
    from bot.config.models import ValuesLayer

    path = Path(_filled("values", file.file, app, environment)).expanduser()
    return ValuesLayer(
        path=file.folder / path, template=file.template, secret=file.secret, within=file.folder
    )


def _merged(section: SectionT, override: Section) -> SectionT:
    """`section` with the fields that `override` sets, nested ones likewise."""
    changes = {}
    for name in override.model_fields_set - {"name"}:
        new, old = getattr(override, name), getattr(section, name)
        changes[name] = _merged(old, new) if isinstance(new, Section) and isinstance(old, Section) else new
    return section.model_copy(update=changes)


def _namespace(app: App, environment: Environment) -> str:
    namespace = _filled("namespace", environment.namespace, app.name, environment.name)
    if not _LABEL.fullmatch(namespace):
        raise TargetInvalid("namespace", f"gives “{namespace}”, which is no namespace: use a-z, 0-9 and “-”")
    return namespace


def _release(app: App) -> str:
    release = app.release or app.name
    if not _RELEASE.fullmatch(release):
        raise TargetInvalid(
            "release", f"“{release}” is no release name: use a-z, 0-9 and “-”, 53 at most; set `release`"
        )
    return release


def _filled(field: str, template: str, app: str, environment: str) -> str:
    try:
        return _TEMPLATES.from_string(template).render(app=app, environment=environment)
    except Exception as error:  # whatever an expression in it raises
        raise TargetInvalid(field, f"cannot be filled in: {error}") from error
