"""Every message of the bot with usual values, and with every text replaced by a hostile one."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from bot.commands.requests import Request
from bot.operations.operation import Author
from bot.permissions import Suspension
from bot.store.audit import Chain
from bot.store.holds import Lock, Standstill
from handlers.people import HIDDEN
from tests.texts.builds import BUILDS
from tests.texts.looks import HOLD_LINES, LOOKS
from tests.texts.operations import OPERATIONS
from tests.texts.plans import PLANS
from tests.texts.shown import NOW, Shown

LOCK = Lock(
    "production",
    "",
    "database migration",
    1001,
    "Kim",
    NOW - timedelta(minutes=23),
    NOW + timedelta(hours=2),
    -100,
    2,
    7,
)
LOCK_OF_SHOP = replace(LOCK, app="shop", until=None)
STANDSTILL = Standstill("the database is on fire", 1001, "Kim", NOW - timedelta(days=1))


def problem(**values: Any) -> Shown:
    usual = {"words": 'No app "shp"', "where": "", "quote": "", "advice": "Nearest: shop", "unchanged": False}
    return Shown("problem", {**usual, **values})


def _row(result: str | None, state: str = "ended") -> SimpleNamespace:
    return SimpleNamespace(
        state=state,
        kind="deploy",
        app="shop",
        environment="staging",
        place="shop → staging",
        version="v1.2",
        author_name="Dana",
        created_at=NOW,
        id="7c2e91",
        outcome={"result": result},
    )


def newcomer(**changes: Any) -> SimpleNamespace:
    """A row of somebody unknown in the team's chat."""
    usual = {"name": "Eve", "username": None, "kind": "person", "count": 1, "chat_id": -1001000000001}
    chat = {"chat_kind": "supergroup", "chat_title": "ACME team", "last_at": NOW}
    return SimpleNamespace(**{**usual, **chat, **changes})


def subject(**changes: Any) -> dict[str, Any]:
    """One whom /whois tells of."""
    usual: dict[str, Any] = {"name": "", "username": None, "id": None, "what": "", "key": None, "rights": []}
    return {**usual, "suspension": None, "paste": [], **changes}


def whois(*subjects: dict[str, Any]) -> Shown:
    """What /whois answers."""
    return Shown("whois", {"subjects": list(subjects), "forwarded": len(subjects) > 1})


AUDIT = {
    "rows": [
        SimpleNamespace(
            at=NOW,
            actor="Dana",
            action="deploy",
            outcome="started",
            app="shop",
            environment="staging",
            detail="v1.2 operation 7c2e91",
        ),
        SimpleNamespace(
            at=NOW, actor="Vic", action="refused", outcome="refused", app=None, environment=None, detail=""
        ),
    ]
}
SUSPENSION = Suspension(1002, "Dana", "lost phone", "Kim", NOW, "")


def _revision(number: int, busy: bool = False) -> SimpleNamespace:
    return SimpleNamespace(number=number, updated=NOW, busy=busy)


HISTORY = {
    "app": "shop",
    "environment": "staging",
    "shown": [_revision(9, busy=True), _revision(8), _revision(7), _revision(6)],
    "past": SimpleNamespace(
        verdicts={
            8: SimpleNamespace(health="failed", author="Dana"),
            7: SimpleNamespace(health="healthy", author="Lee"),
        }
    ),
    "live": _revision(7),
    "versions": {9: "v1.3", 8: "v1.2", 7: "v1.1", 6: "v1.0"},
}

DANA = Author(1002, "Dana")
TURN = Request("deploy", "shop", "staging", "v1.2")


SCREENS: dict[str, Shown] = {
    **OPERATIONS,
    **BUILDS,
    **PLANS,
    **LOOKS,
    "your turn": Shown("turn", {"author": DANA, "turn": TURN, "is_refused": False}),
    "your turn, refused": Shown("turn", {"author": DANA, "turn": TURN, "is_refused": True}),
    "busy": Shown(
        "busy",
        {
            "app": "shop",
            "environment": "staging",
            "author": "Lee",
            "what": "deploy",
            "since": NOW,
        },
    ),
    "stuck": Shown(
        "stuck",
        {
            "app": "shop",
            "revision": 6,
            "maker": "ci",
            "since": NOW - timedelta(minutes=4),
            "until": NOW,
            "may_mend": True,
        },
    ),
    "refused": Shown(
        "refused",
        {
            "what": "shop → production",
            "lines": [
                "Needs: deploy in production",
                "You have: deployer in staging",
                "Ask: Lee or Kim (admins)",
            ],
        },
    ),
    "problem": problem(),
    "chart problem": problem(
        words="The chart can't be rendered",
        where="shop/templates/deployment.yaml, line 12",
        quote="nil pointer evaluating interface {}.tag",
        advice="",
        unchanged=True,
    ),
    "problem with a long quote": problem(quote="line\n" * 100),
    "history": Shown("history", HISTORY),
    "operations": Shown(
        "operations",
        {
            "holds": (),
            "rows": [
                _row("done"),
                _row("restored"),
                _row("broken"),
                _row(None, "running"),
                _row(None, "queued"),
            ],
        },
    ),
    "no operations": Shown("operations", {"rows": [], "holds": HOLD_LINES}),
    "start without apps": Shown("start", {"who": "Vic", "rights": ["viewer"], "apps": []}),
    "help": Shown(
        "help",
        {
            "groups": {
                "Look": [{"example": "/status shop staging", "summary": "How everything stands"}],
                "Deploy": [{"example": "/deploy shop v1.2 staging", "summary": "Plan a deploy"}],
            }
        },
    ),
    "whoami": Shown(
        "whoami",
        {
            "who": SimpleNamespace(name="Dana", id=1002),
            "rights": ["deployer everywhere"],
            "chat_id": -1001000000001,
            "topic": 2,
            "kubernetes": "dana@example.org (shop-devs)",
        },
    ),
    "newcomers": Shown(
        "newcomers",
        {
            "rows": [
                newcomer(name="Nina K", username="nina", count=3),
                newcomer(name="Group", kind="anonymous"),
                newcomer(name="", chat_kind="private", chat_title=""),
            ],
            "total": 3,
            "hidden": HIDDEN,
            "paste": ["people:", "  nina:", "    id: 5012345678", "    name: Nina K"],
        },
    ),
    "no newcomers": Shown("newcomers", {"rows": [], "total": 0, "hidden": HIDDEN, "paste": []}),
    "who is nobody": whois(
        subject(
            name="Nina K", username="nina", id=5012345678, paste=["people:", "  nina:", "    id: 5012345678"]
        )
    ),
    "who is known": whois(
        subject(
            name="Dana",
            id=1002,
            key="dana",
            rights=["deployer on shop in staging: deploy, roll back, cancel"],
            suspension=SUSPENSION,
        )
    ),
    "who was forwarded": whois(
        subject(name="Somebody", what=HIDDEN["hidden"]), subject(name="Kim", id=1001, key="kim")
    ),
    "who is a channel": whois(
        subject(
            name="News",
            id=-1001000000002,
            what=HIDDEN["channel"],
            paste=["chats:", "  news:", "    id: -1001000000002"],
        )
    ),
    "audit": Shown("audit", {**AUDIT, "of": "shop in staging", "since": NOW, "total": 132, "skip": 10}),
    "audit of nothing": Shown("audit", {"rows": [], "of": "", "since": None, "total": 0, "skip": 0}),
    "audit export": Shown(
        "audit_export",
        {"of": "shop", "since": NOW, "written": 3, "total": 4, "chain": Chain(4211, None, "4f1c" * 16)},
    ),
    "audit export that breaks": Shown(
        "audit_export",
        {"of": "", "since": None, "written": 3, "total": 3, "chain": Chain(4211, 17, "4f1c" * 16)},
    ),
    "suspend": Shown(
        "suspend",
        {
            "who": SimpleNamespace(name="Dana", id=1002, key="dana"),
            "reason": "lost phone",
            "rights": ["deployer on shop in staging"],
            "running": [_row(None, "running")],
            "warnings": ["That is yourself"],
        },
    ),
    "suspended": Shown(
        "suspended",
        {
            "who": SimpleNamespace(name="Dana", id=1002, key="dana"),
            "it": SUSPENSION,
            "running": [_row(None, "running")],
        },
    ),
    "apps": Shown("apps", {"apps": {"shop": ["staging", "production"], "blog": ["staging"]}}),
    "no apps": Shown("apps", {"apps": {}}),
    "said": Shown("said", {"heading": "Closed", "lines": ["Nothing was changed"]}),
    "document": Shown("document", {"heading": "shop → staging v1.2"}),
    "notice": Shown(
        "notice", {"app": "shop", "version": "1.2", "lines": ["Faster checkout", "Fixed: rounding"]}
    ),
    "notice draft": Shown(
        "notice_draft",
        {
            "app": "shop",
            "version": "v1.2",
            "channels": "news",
            "author": "Dana",
            "notice": "🚀 Shop 1.2 is out",
        },
    ),
    "notice closed": Shown(
        "notice_closed",
        {
            "published": True,
            "missed": "news, partners",
            "app": "shop",
            "version": "v1.2",
            "author": "Kim",
            "at": NOW,
        },
    ),
    "notice withdrawn": Shown(
        "notice_withdrawn",
        {"app": "shop", "version": "1.2", "back_to": "1.1", "at": NOW, "notice": "🚀 Shop 1.2 is out"},
    ),
    "locked production": Shown("held", {"hold": LOCK, "is_lock": True, "now": NOW}),
    "shop locked in production, without an end": Shown(
        "held", {"hold": LOCK_OF_SHOP, "is_lock": True, "now": NOW}
    ),
    "stopped": Shown("held", {"hold": STANDSTILL, "is_lock": False, "now": NOW}),
    "lock set in production": Shown(
        "lock_set", {"lock": LOCK, "now": NOW, "running": [_row(None, "running")], "others": [LOCK_OF_SHOP]}
    ),
    "lock set in production without an end": Shown(
        "lock_set", {"lock": LOCK_OF_SHOP, "now": NOW, "running": (), "others": ()}
    ),
    "take a lock": Shown("lock_ask", {"lock": LOCK_OF_SHOP, "app": "shop", "now": NOW}),
    "take an app out of a lock": Shown("lock_ask", {"lock": LOCK, "app": "shop", "now": NOW}),
    "lock taken": Shown("lock_taken", {"lock": LOCK_OF_SHOP, "taker": "Dana", "app": "shop"}),
    "app taken out of a lock": Shown("lock_taken", {"lock": LOCK, "taker": "Dana", "app": "shop"}),
    "locks": Shown("locks", {"locks": [LOCK, LOCK_OF_SHOP], "more": 3, "standstill": STANDSTILL, "now": NOW}),
    "no locks": Shown("locks", {"locks": [], "more": 0, "standstill": None, "now": NOW}),
    "free again in production": Shown("free", {"author": DANA, "place": "shop in production"}),
    "everything stops": Shown(
        "stopped",
        {
            "by": "Kim",
            "since": NOW,
            "reason": "fire",
            "now": NOW,
            "running": [_row(None, "running")] * 10,
            "lines": ["Cancelling 2"],
        },
    ),
    "raw": Shown("raw", {"html": "<b>done</b>"}),
}
