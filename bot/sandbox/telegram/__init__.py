"""An in-memory Telegram with the Bot API's HTTP front, as strict as the real one. It knows nothing of the bot."""

from bot.sandbox.telegram.chats import Chat, User
from bot.sandbox.telegram.errors import Impossible
from bot.sandbox.telegram.happenings import Change, Subscription
from bot.sandbox.telegram.keyboards import Button
from bot.sandbox.telegram.limits import Limits
from bot.sandbox.telegram.messages import Action, Answer, File, Message
from bot.sandbox.telegram.server import TelegramServer
from bot.sandbox.telegram.world import World

__all__ = [
    "Action",
    "Answer",
    "Button",
    "Change",
    "Chat",
    "File",
    "Impossible",
    "Limits",
    "Message",
    "Subscription",
    "TelegramServer",
    "User",
    "World",
]
