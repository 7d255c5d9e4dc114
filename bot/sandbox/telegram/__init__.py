"""An in-memory Telegram with the Bot API's HTTP front, as strict as the real one, and people who use it.

A library of its own, for trying bots in any language and library: `TelegramServer` answers what a bot asks, `World`
is the other side: people, chats, what they say, press, send and see. It knows nothing of the bot under test; of what
is around it, it takes the clock alone (`bot.clock`), so that a test can move time. Rules and texts follow the official
server's source (tdlib/telegram-bot-api and tdlib/td); where only the backend knows (rates, ages), its published
numbers stand in `Limits`.

What it covers
    HTTP        GET and POST; JSON, urlencoded and multipart; any case of a method's name; attach://; every refusal
                with Telegram's code and words, `retry_after` and `migrate_to_chat_id`.
    Updates     getUpdates, setWebhook, deleteWebhook, getWebhookInfo: offsets, allowed_updates, 409 for a second
                reader, the slowing of hasty ones, retries of a webhook, a method named in its answer.
    Messages    sendMessage, sendDocument, sendPhoto, sendVideo, sendAnimation, sendAudio, sendVoice, sendMediaGroup,
                sendChatAction, copyMessage, copyMessages, forwardMessage, forwardMessages, setMessageReaction,
                editMessageText, editMessageCaption, editMessageMedia, editMessageReplyMarkup, deleteMessage,
                deleteMessages, editEphemeralMessageText, deleteEphemeralMessage, answerCallbackQuery, getFile and
                the download behind it. HTML, Markdown, MarkdownV2 and given entities; what Telegram finds in a text
                by itself; replies, quotes, inline and reply keyboards; limits after parsing; floods.
    Chats       getChat, getChatMember, getChatMemberCount, getChatAdministrators, setChatTitle, setChatDescription,
                setChatPermissions, pinChatMessage, unpinChatMessage, unpinAllChatMessages, leaveChat,
                banChatMember, unbanChatMember, restrictChatMember, promoteChatMember.
    Topics      createForumTopic, editForumTopic, closeForumTopic, reopenForumTopic, deleteForumTopic,
                unpinAllForumTopicMessages, editGeneralForumTopic, closeGeneralForumTopic, reopenGeneralForumTopic,
                hideGeneralForumTopic, unhideGeneralForumTopic, unpinAllGeneralForumTopicMessages,
                getForumTopicIconStickers.
    The bot     getMe, setMyCommands, getMyCommands, deleteMyCommands (each scope and language), setMyName,
                getMyName, setMyDescription, getMyDescription, setMyShortDescription, getMyShortDescription,
                logOut, close.
    Around it   people with privacy mode, anonymous administrators, channels that write, joins, reactions, blocked
                bots, deleted accounts; migration to a supergroup; refusals and outages on demand (`World.refuse`,
                `World.down`).

What it does not
    Stickers, video notes, live photos, paid media, locations, venues, contacts, polls, dice, checklists, rich messages
    and drafts; inline mode, games, payments, stars and gifts; invite links and join requests; chat photos, boosts and
    stories; business accounts (a business_connection_id is not found), managed bots, Passport. Their methods are
    answered as Telegram answers a method that it does not know: 404 "Not Found: method not found". A parameter of a
    method that is covered may be one that it does not look at; like the real one it refuses no name of a parameter.
    Files are not looked into (a photo has one size, 90 x 90 unless told), nothing is fetched from an address, replies
    reach no other chat, and what is inside is gone with the server.

In a pytest fixture::

    import aiohttp
    import pytest

    from bot.sandbox.telegram import TelegramServer

    DANA = 11


    @pytest.fixture
    async def telegram():
        async with TelegramServer("4242:secret") as server:
            server.world.add_private(server.world.add_user(DANA, "Dana"))
            yield server


    async def test_a_greeting_is_answered(telegram):
        said = telegram.world.says(DANA, DANA, "/start")

        # The bot, in any client library that takes an address: base_url=f"{telegram.url}/bot"
        async with aiohttp.ClientSession(f"{telegram.url}/bot4242:secret/") as http:
            async with http.get("getUpdates") as answer:
                (update,) = (await answer.json())["result"]
            assert update["message"]["message_id"] == said.id
            button = {"text": "Deploy", "callback_data": "go"}
            reply = {"chat_id": DANA, "text": "<b>Ready</b>", "parse_mode": "HTML"}
            await http.post("sendMessage", json=reply | {"reply_markup": {"inline_keyboard": [[button]]}})

        seen = telegram.world.messages(DANA)[-1]
        assert (seen.text, seen.entities[0].type, seen.button(0, 0).label) == ("Ready", "bold", "Deploy")
"""

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
