"""The typed configuration: models, secrets, and loading with every problem at its file and line.

Nothing here is global; a `Config` is made by `load` and handed on. Who may do what is decided in
`bot.permissions`, which reads it.
"""

from bot.config.apps import (
    App,
    Build,
    ChartFile,
    ChartFolder,
    ChartOci,
    ChartRepository,
    ChartSource,
    ImageKeys,
    Source,
    Tags,
)
from bot.config.connections import Cluster, Registry, Sops, Telegram, Webhook
from bot.config.environments import Announce, Environment, FailEarly, ValuesFile
from bot.config.loading import load
from bot.config.models import Config, Sandbox, Target, ValuesLayer
from bot.config.people import Binding, Chat, KubernetesIdentity, PersonConfig, Role
from bot.config.problems import ConfigError, ConfigInvalid, Problem, SecretMissing
from bot.config.rights import BUILT_IN_ROLES, PERMISSIONS, VIEWS, Permission
from bot.config.secrets import Secret
from bot.config.webhooks import GitWebhook

__all__ = [
    "BUILT_IN_ROLES",
    "PERMISSIONS",
    "VIEWS",
    "Announce",
    "App",
    "Binding",
    "Build",
    "ChartFile",
    "ChartFolder",
    "ChartOci",
    "ChartRepository",
    "ChartSource",
    "Chat",
    "Cluster",
    "Config",
    "ConfigError",
    "ConfigInvalid",
    "Environment",
    "FailEarly",
    "GitWebhook",
    "ImageKeys",
    "KubernetesIdentity",
    "Permission",
    "PersonConfig",
    "Problem",
    "Registry",
    "Role",
    "Sandbox",
    "Secret",
    "SecretMissing",
    "Sops",
    "Source",
    "Tags",
    "Target",
    "Telegram",
    "ValuesFile",
    "ValuesLayer",
    "Webhook",
    "load",
]
