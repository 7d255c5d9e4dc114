"""Every shape of message that people see, as the bot sends it: HTML, keyboard, sound, and what it answers.

The first of them are the shapes of the product's drawings, also those of commands that are yet to come; what the
bot's own templates say is in tests/texts/screens.py. `send` sends one through the Bot API.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Any, Literal

from telegram import (
    Bot,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    Message,
    ReplyParameters,
)

Kind = Literal["", "primary", "danger", "success", "url", "copy", "disabled"]
Key = str | tuple[str, Kind]
"""A button: its label, and its style or what else it is."""


@dataclass(frozen=True)
class Shape:
    """One message. `html` is its text, or its caption where it has a file."""

    html: str
    keys: tuple[tuple[Key, ...], ...] = ()
    silent: bool = True
    edited: bool = False
    answers: str = ""
    """The name of the shape that it replies to, or a command that somebody says first."""
    document: str = ""
    """A file's name."""
    photo: bool = False
    only_for: int = 0
    """Who alone sees it; 0 for everybody."""


PLAN = """<b>📋 Plan: shop → staging v1.2</b>
now v1.1 · chart 1.4.0

<b>Changes</b>
• image v1.1\u00a0→\u00a0v1.2 · 4f1c…9a
• replicas 2\u00a0→\u00a03
• ConfigMap shop-env: 2 keys
• Job shop-migrate runs first
⚠️ Service port 80\u00a0→\u00a08080: clients may break
<blockquote expandable>Deployment: image, replicas
ConfigMap: 2 keys changed
CACHE_TTL 60\u00a0→\u00a0300
Job shop-migrate: added
Service: port 80\u00a0→\u00a08080</blockquote>
Plan 7c2e by\u00a0Dana · until\u00a014:07"""

RUNNING = """<b>🔄 shop → staging v1.2 · 31s</b>
✅ Preflight · 1s
✅ Migrate job · 6s
🔄 Rollout
<pre><code>shop    1/3 ■■■□□□□□□
worker  2/2 ■■■■■■■■■</code></pre>
❌ x2k4p crashed twice, exit\u00a01
<code>KeyError: 'DATABASE_URL'</code>
⏳ Verify"""

RESTORED = """<b>↩️ shop → staging v1.1 is back</b>
v1.2 failed after 1m\u00a052s
Why: new pods crash at start
<code>KeyError: 'DATABASE_URL'</code>
<blockquote expandable>KeyError: 'DATABASE_URL'
14:02:51 gunicorn 22.0 starting
14:02:51 2 workers, port 8000
14:02:52 settings.py, line 12
14:02:52 worker 7 failed
14:02:52 shutting down</blockquote>"""

POD = """<b>❌ pay · pod abcde · production</b>
Out of memory at 256Mi
4 times in 10 min
Node worker-2 · since 13:58
Image pay:v3.0
<blockquote expandable>Killed
13:58:01 building index
13:58:01 table uk 4 of 4, 38 MB
13:58:00 table ap 3 of 4, 92 MB
13:58:00 table us 2 of 4, 74 MB</blockquote>"""

LOGS = """<b>shop · web-x2k4p · staging</b>
<pre><code class="language-log">14:02:51 gunicorn 22.0 starting
14:02:51 listening at http://0.0.0.0:8000
14:02:52 GET /cart/4f1c9a00-7c2e-4b1e-9d7a-0c5d 200 in 31 ms</code></pre>"""

BEGIN = """<b>Pilothouse for ACME</b>
You are Dana: deployer on shop and blog in\u00a0staging, viewer everywhere.

✅ shop · staging v1.2, production\u00a0v1.1
⚠️ blog · staging v0.9, 1/2"""

PRIVATE_SHAPES: dict[str, Shape] = {
    "start": Shape(
        BEGIN,
        (("Deploy", "Status", "Logs"), ("History", "Help")),
        silent=False,
        answers="/start",
    ),
    "unknown command": Shape(
        "Unknown command /deplyo\nDid you mean /deploy?", (("/deploy shop v1.2 staging",),), answers="/deplyo"
    ),
    "unknown app": Shape('No app "shp"\nNearest: shop. Yours: shop, blog', (("shop",),)),
    "picker of apps": Shape("<b>Deploy what?</b>", (("shop", "blog", "docs"), ("Close",))),
    "picker of environments": Shape(
        "<b>Deploy shop where?</b>\nstaging · v1.1 runs\nproduction · v1.1 runs, 🔒 until 16:00",
        (("staging", "production"), ("‹ Back",)),
    ),
    "picker of versions": Shape(
        "<b>shop → staging: which version?</b>\nv1.1 runs",
        (("v1.2 · 4 min", "v1.1 · 2 days"), ("v1.0 · 9 days", "v0.9 · 3 wk"), ("Older",), ("‹ Back",)),
    ),
    "done": Shape(
        "<b>✅ shop → staging v1.2 · 48s</b>\n3 of 3 ready · revision 7\nDone 14:03 by Dana",
        (("Logs", "Diff"), (("Roll back to v1.1", "danger"),)),
        edited=True,
    ),
    "pod": Shape(
        POD, (("Logs", "Previous logs"), ("Events", "Describe"), ("‹ pay", ("Delete pod", "danger")))
    ),
    "logs": Shape(LOGS, (("Follow", "Older"), ("‹ Pod",))),
    "build running": Shape(
        "<b>🔄 build shop main · 1m 12s</b>\n✅ Source 3f2a9c1 · 2s\n“Fix cart rounding” (Lee)\n"
        "🔄 Build step 5 of 9 · 40s\n<code>RUN pip install -r req…</code>\n⏳ Push\n"
        "<blockquote expandable>collecting aiohttp\nusing cached wheel</blockquote>",
        (("Log", ("Cancel build", "danger")),),
        edited=True,
    ),
    "built": Shape(
        "<b>✅ build shop main · 2m\u00a041s</b>\nmain-3f2a9c1 · 84\u00a0MB\n“Fix cart rounding” (Lee)\n"
        '<pre><code class="language-sh">pilothouse deploy shop \\\n  main-3f2a9c1 staging</code></pre>',
        (
            (("Deploy to staging", "primary"),),
            ("Log", ("Digest", "copy"), ("✓ Pushed", "disabled")),
        ),
        silent=False,
    ),
    "build failed": Shape(
        "<b>❌ build shop main · 1m\u00a030s</b>\nFailed at step 5, exit\u00a01\n"
        "<code>RUN pip install -r requirements.txt</code>\n"
        "<blockquote expandable>ERROR: no matching distribution found for cartt==1.4\n"
        "step 5 of 9\n1 warning\n2 notices</blockquote>",
        (("Whole log", "Build again"),),
        silent=False,
    ),
    "photo": Shape("<b>shop in production, 24 h</b>\nCPU and memory of 3 pods", (("Refresh",),), photo=True),
    "document": Shape("", document="shop-staging-v1.2.diff"),
    "formatting": Shape(
        "<b>Bold</b>, <i>italic</i>, <u>under</u>, <s>struck</s>, <tg-spoiler>hidden</tg-spoiler>, "
        '<code>code</code>, <a href="https://example.org/notes">a link</a>, https://example.org/a/very/long/'
        "address/that/has/no/place/to/break/in/it and @dana.\n<blockquote>A quote of one line</blockquote>"
    ),
}

TEAM_SHAPES: dict[str, Shape] = {
    "plan": Shape(
        PLAN,
        ((("Deploy to staging", "primary"),), ("Full diff", "Close")),
        silent=False,
        answers="/deploy shop v1.2 staging",
    ),
    "plan for production": Shape(
        PLAN.replace("shop → staging v1.2", "shop → PRODUCTION v1.2"),
        ((("Deploy to PRODUCTION · v1.2", "danger"),), ("Full diff", "Close")),
        answers="/deploy shop v1.2 production",
    ),
    "no change": Shape("shop in staging already is v1.2\nwith these values", (("Deploy again", "Close"),)),
    "plan moved": Shape("Since you looked, staging moved to v1.1.1 (Lee, 14:03). New plan below."),
    "running": Shape(
        RUNNING,
        (("Pods", ("Cancel deploy", "danger")),),
        edited=True,
        answers="/deploy shop v1.2 staging",
    ),
    "restored": Shape(
        RESTORED,
        ((("Why", "primary"), "Logs", "Diff"), ("Try again",)),
        edited=True,
    ),
    "ring": Shape(
        "@lee v1.0 of blog did not start in staging, v0.9 is back.", silent=False, answers="restored"
    ),
    "failed": Shape("<b>❌ shop → staging v1.2 failed</b>\nLeft as it is · 2m\u00a003s", (("Why", "Logs"),)),
    "cancelled": Shape(
        "<b>⏹ shop → staging cancelled</b>\nBy Dana after 22s, v1.1 is back", (("Deploy again",),)
    ),
    "first install": Shape("<b>❌ docs → staging v0.1 failed</b>\nFirst install removed, disk kept"),
    "broken": Shape(
        "<b>🆘 shop → staging is broken</b>\nv1.2 failed, v1.1 did not return\nNeeds a person now: @dana",
        (("Why", "Logs", "Pods"), (("Roll back to v1.0", "danger"),)),
        silent=False,
    ),
    "unfinished": Shape(
        "<b>⚠️ shop: deploy unfinished</b>\nRevision 6 by ci, since 13:59\nIf that run is dead:",
        ((("Roll back to 5, plan again", "primary"),), ("Wait",)),
    ),
    "document of the diff": Shape("", document="shop-staging-v1.2.diff", answers="plan"),
    "status": Shape(
        "<b>❌ production · 1 down · 14:05</b>\n❌ pay v3.0 · 0/2 · out\u00a0of\u00a0memory\n"
        "🔄 blog v0.9 · 1/2 · for 40s\n✅ shop v1.1 · 3/3 · 2\u00a0days\n⚪ docs · not deployed",
        ((("Why pay", "primary"), "shop", "blog"), ("staging", "Refresh")),
        answers="/status production",
    ),
    "refused": Shape(
        "<b>🚫 Refused: shop → production</b>\nNeeds: deploy in production\nYou have: deployer in staging\n"
        "Ask: Lee or Kim (admins)",
        answers="/deploy shop v1.2 production",
        only_for=1002,
    ),
    "approval": Shape(
        "<b>✋ Approve: shop → production\u00a0v1.2</b>\nAsked by Dana:\n“cart fix for the campaign”\n"
        "0 of 1 approvals · until\u00a015:02\ndeployers@production, not\u00a0Dana\n"
        "<blockquote expandable>image v1.1\u00a0→\u00a0v1.2\nreplicas 2\u00a0→\u00a03\n"
        "ConfigMap shop-env: 2 keys\nJob shop-migrate: new, runs first</blockquote>",
        ((("Approve", "success"), ("Reject", "danger")),),
        silent=False,
    ),
    "locked": Shape(
        "<b>🔒 production locked until\u00a016:00</b>\nBy Kim since 13:40:\n“database migration”",
        ((("Tell me when free", "primary"),), ("Queue this deploy",)),
    ),
    "alert": Shape(
        "<b>🔴 Firing: pay in production</b>\nCrashing: 4 of 4 since 14:01\nOut of memory at 256Mi\n"
        "Likely since v3.0, Lee 13:57",
        (
            (("Acknowledge", "primary"),),
            ("Why", "Logs", ("Runbook", "url")),
            ("Silence 1h", "Silence 4h"),
            (("Roll back to v2.9", "danger"),),
        ),
        silent=False,
    ),
    "acknowledged": Shape(
        "<b>🟠 Acknowledged by Dana 14:04</b>\npay in production\nCrashing: 4 of 4 since 14:01",
        (("Resolve", "Escalate", "Details"),),
    ),
    "resolved": Shape("<b>🟢 Resolved: pay, production</b>\nHealthy again after 23 min", (("Details",),)),
    "widest rows": Shape(
        "<b>Rows at their limits</b>",
        (
            ("Acknowledge", "Roll back 1", "Silence 24h"),
            ("Tell me when fre", "Queue this deplo"),
            (("Roll back to v1.1 and keep the disk", "danger"),),
        ),
    ),
}

NEWS_SHAPES: dict[str, Shape] = {
    "withdrawn": Shape(
        "<b>↩️ Shop 1.1.5 withdrawn at\u00a014:30</b>\nShop 1.1 is back.\n\n"
        "<s>🚀 Shop 1.1.5 is out\n• Search finds typos</s>",
        edited=True,
        silent=False,
    ),
    "notice": Shape(
        "<b>🚀 Shop 1.2 is out</b>\n• Faster checkout\n• Fixed: rounding in the cart\nThanks to Lee and Ana.",
        ((("Full notes", "url"),),),
        silent=False,
    ),
}

DIFF = "--- shop v1.1\n+++ shop v1.2\n@@ -12,7 +12,7 @@\n-  replicas: 2\n+  replicas: 3\n" * 24


async def send(
    bot: Bot, chat: int, shape: Shape, *, topic: int | None = None, answers: int | None = None
) -> Message:
    """Send one shape, and edit it where the bot would have."""
    reply = ReplyParameters(answers) if answers is not None else None
    common: dict[str, Any] = {
        "chat_id": chat,
        "message_thread_id": topic,
        "disable_notification": shape.silent,
        "reply_parameters": reply,
        "reply_markup": markup(shape),
    }
    if shape.only_for:
        common["api_kwargs"] = {"ephemeral_message_parameters": {"receiver_user_id": shape.only_for}}
    if shape.photo:
        return await bot.send_photo(photo=picture(720, 405), caption=shape.html, parse_mode="HTML", **common)
    if shape.document:
        file = InputFile(DIFF.encode(), filename=shape.document)
        return await bot.send_document(document=file, caption=shape.html or None, parse_mode="HTML", **common)
    if not shape.edited:
        return await bot.send_message(text=shape.html, parse_mode="HTML", **common)
    sent = await bot.send_message(text="⏳ a moment", **common)
    await bot.edit_message_text(
        shape.html, chat, sent.message_id, parse_mode="HTML", reply_markup=markup(shape)
    )
    return sent


def markup(shape: Shape) -> InlineKeyboardMarkup | None:
    """Its keyboard."""
    if not shape.keys:
        return None
    return InlineKeyboardMarkup([[_button(key) for key in row] for row in shape.keys])


def _button(key: Key) -> InlineKeyboardButton:
    label, kind = (key, "") if isinstance(key, str) else key
    match kind:
        case "url":
            return InlineKeyboardButton(label, url="https://example.org/runbook")
        case "copy":
            return InlineKeyboardButton(label, copy_text=CopyTextButton("sha256:4f1c9a"))
        case "disabled":
            return InlineKeyboardButton(label, api_kwargs={"disabled": {}})
        case "":
            return InlineKeyboardButton(label, callback_data=label[:20])
    return InlineKeyboardButton(label, callback_data=label[:20], api_kwargs={"style": kind})


def picture(width: int, height: int) -> bytes:
    """A plot of sorts, as a PNG: bars on a pale ground."""
    rows = []
    for y in range(height):
        row = bytearray(b"\0")
        for x in range(width):
            bar = 40 + (x // 24 * 53) % (height - 90)
            row += b"\x0a\x68\x86" if x % 24 < 16 and height - y - 24 in range(bar) else b"\xee\xf4\xf6"
        rows.append(bytes(row))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
