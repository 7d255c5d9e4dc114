"""Every command with hostile arguments is answered, and changes nothing (security.md, rows 23, 24 and 32)."""

import pytest
from structlog.testing import capture_logs

import handlers
from bot.commands.declaring import COMMANDS
from tests.security.acting import handled, operations, state_of
from tests.worlds import World, spaced

handlers.load()

HOSTILE = (
    "<b>",
    "</b><a href='tg://user?id=1'>x</a>&amp;&",
    "x" * 5000,
    "\u202eshop\u202c \u200b\u200d\u2066staging",
    "--post-renderer=x",
    "-f /etc/passwd --set",
    "../../etc",
    "@/etc/passwd",
    "--set a[999999999]=1",
    "--set=web.replicas=1,image.tag=evil",
    "shop staging --set image.tag={{.Values.db.password}}",
    "shop ../../etc staging",
    "shop v1.2;reboot `id` $(id) staging",
    "shop \u2014post-renderer=x staging",
    "shop staging 99999999999999999999999999999999999999",
    "shop staging \u0663",
    'shop "stag ing" \'',
    "shop=staging app= env=\u0000 revision=-1 version=-x",
    "shop version=--post-renderer staging",
    "shop version=@/etc/passwd staging",
    "\ud800",
)

NUMBER = "99999999999999999999999999999999999999"
MISSING = {
    ("build", "\u202eshop\u202c \u200b\u200d\u2066staging"): "staging",
    ("ship", f"shop staging {NUMBER}"): NUMBER,
}
"""Once made fit, these ask for what is not in git; what may be a commit's id is looked for by an operation."""


@pytest.mark.long(15)
async def test_each_is_answered_and_changes_nothing(world: World) -> None:
    before = state_of(world)
    unanswered = []
    with capture_logs() as logs:
        for name in COMMANDS:
            for words in HOSTILE:
                world.kim.says(f"/{name} {words}", "private")
                await handled(world)
                if (name, words) in MISSING:
                    missing = f"has no tag, branch or commit {MISSING[name, words]}"
                    await world.sees(missing, chat="private kim")
                texts = [spaced(each.text) for each in world.news("private kim")]
                if not texts or any("Something unexpected" in text for text in texts):
                    unanswered.append((name, words[:60], texts))
    assert unanswered == []
    assert [entry for entry in logs if "exc_info" in entry or entry["log_level"] == "error"] == []
    started = await operations(world.parts.database)
    assert [(each.kind, each.version) for each in started] == [("ship", NUMBER)]
    assert state_of(world) == before
