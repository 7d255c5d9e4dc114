"""The errors that are meant for people, as the command line tells them: sentences, never a stack trace."""

from bot.cluster.errors import ClusterError
from bot.config import ConfigError, ConfigInvalid
from bot.helm.errors import ChartInvalid, HelmError
from bot.images.errors import ImagesError
from bot.planning.errors import PlanRefused
from bot.store.errors import StoreError
from bot.telegram.overhearing import AlreadyRead
from bot.telegram.polling import WebhookRefused
from bot.telegram.probing import TelegramTrouble
from bot.telegram.transport import TokenRefused
from bot.web.server import WebhookUnsafe

FOR_PEOPLE = (
    AlreadyRead,
    ConfigError,
    ConfigInvalid,
    HelmError,
    ClusterError,
    ImagesError,
    PlanRefused,
    StoreError,
    TelegramTrouble,
    TokenRefused,
    WebhookRefused,
    WebhookUnsafe,
    OSError,
)


def words_of(error: BaseException) -> str:
    """What is wrong, where, and how to mend it, a line each."""
    match error:
        case ConfigInvalid():
            return "\n".join(str(problem) for problem in error.problems)
        case PlanRefused():
            return "\n".join(filter(None, (error.words, error.where, error.quote, error.advice)))
        case ChartInvalid():
            where = f"{error.file}, line {error.line}" if error.line else error.file or ""
            return "\n".join(filter(None, ("The chart can't be rendered", where, error.words)))
    return str(error)
