"""Secrets that a chart puts everywhere, and where they must not be found."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import yaml
from sqlalchemy import select

from bot.store.tables import AuditRow, OperationRow, OutgoingRow, StepRow
from tests.security.acting import reconfigured
from tests.worlds import World

KNOWN = "Kn0wn-pass/word+of=shop"
"""Named by the configuration; the chart says it in every way it can."""


MOVED = "moved-canary-0815"


SHORT = "s3cr3t"
"""Both are the chart's own, in a Secret that becomes a ConfigMap."""


ADDED = "added-canary-4711"


REMOVED = "removed-canary-1234"


APPLIED = "applied-canary-5678"


FILED = "filed-canary-9012"
"""From a values file that is secret as a whole."""


BY_HAND = "by-hand-canary-3456"
"""Put into the cluster by somebody, beside the bot."""


CANARIES = (KNOWN, MOVED, SHORT, ADDED, REMOVED, APPLIED, FILED, BY_HAND)


SHARED = """
apiVersion: v1
kind: Secret
metadata: {name: everywhere}
stringData: {plain: {{ .Values.db.password | quote }}, filed: {{ .Values.filed.key | quote }}}
data: {encoded: {{ .Values.db.password | b64enc }}, turn: {{ printf "%s" .Values.turn | b64enc }}}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: careless
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: '{"data":{"a":"{{ "applied-canary-5678" | b64enc }}"}}'
data:
  turn: {{ .Values.turn | quote }}
  raw: {{ .Values.db.password | quote }}
  filed: {{ .Values.filed.key | quote }}
  url: {{ printf "postgres://shop:%s@db/x" (.Values.db.password | urlquery) | quote }}
  json: {{ dict "password" .Values.db.password | toJson | quote }}
  encoded: {{ .Values.db.password | b64enc }}
  basic: {{ printf "shop:%s" .Values.db.password | b64enc }}
  longer: {{ printf "ab:%s:cd" .Values.db.password | b64enc }}
  {{ .Values.db.password | replace "/" "_" | replace "+" "_" | replace "=" "_" }}: key
"""


BEFORE = """
---
apiVersion: v1
kind: Secret
metadata: {name: changing}
stringData: {long: moved-canary-0815, short: s3cr3t}
---
apiVersion: v1
kind: Secret
metadata: {name: going}
stringData: {gone: removed-canary-1234}
"""


AFTER = """
---
apiVersion: v1
kind: ConfigMap
metadata: {name: changing}
data: {long: moved-canary-0815, short: s3cr3t, inside: "--password=moved-canary-0815"}
---
apiVersion: v1
kind: Secret
metadata: {name: coming}
stringData: {new: added-canary-4711}
"""


def forms(secret: str) -> Iterator[str]:
    yield secret
    yield base64.b64encode(secret.encode()).decode().rstrip("=")
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield json.dumps(secret)[1:-1]
    for prefix in (b"shop:", b"ab:", b"x"):
        encoded = base64.b64encode(prefix + secret.encode()).decode()
        yield encoded[-(len(encoded) // 3 * 2) : -4]


def write_chart(folder: Path, *templates: str) -> None:
    (folder / "templates").mkdir(parents=True, exist_ok=True)
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: leaky\nversion: 1.0.0\n", encoding="utf-8")
    (folder / "templates" / "all.yaml").write_text("".join(templates), encoding="utf-8")


async def leaky(world: World, folder: Path, *templates: str, turn: str) -> None:
    """Make shop's chart one that tells secrets; `turn` differs, so that each deploy has something to change."""
    chart, filed, plain = folder / "leaky", folder / "filed.yaml", folder / "plain.yaml"
    write_chart(chart, *templates)
    filed.write_text(yaml.safe_dump({"filed": {"key": FILED}}), encoding="utf-8")
    plain.write_text(yaml.safe_dump({"turn": turn}), encoding="utf-8")
    (folder / "password").write_text(KNOWN, encoding="utf-8")
    shop = {
        "chart": str(chart),
        "image": None,
        "source": None,
        "values": [str(plain), {"file": str(filed), "secret": True}],
        "secrets": {"db.password": None, "db.password_file": str(folder / "password")},
    }
    await reconfigured(world, apps={**apps(world), "shop": shop})


def apps(world: World) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(world.sandbox.configs[-1].read_text(encoding="utf-8"))["apps"]
    return found


def everything_shown(world: World) -> str:
    """All that Telegram ever got: texts, buttons, names and contents of documents."""
    texts = []
    for chat_id in world.telegram.state.messages:
        for message in world.telegram.messages(chat_id, deleted=True):
            texts.append(message.text)
            texts += [f"{button.label} {button.data}" for row in message.buttons for button in row]
            if message.document is not None:
                texts += [message.document.name, message.document.content.decode()]
    return "\n".join([*texts, *(answer.text for answer in world.telegram.answers.values())])


async def everything_stored(world: World) -> str:
    """What the bot's database says in the clear."""
    parts = []
    async with world.parts.database.read() as session:
        for table in (AuditRow, OperationRow, OutgoingRow, StepRow):
            for row in await session.scalars(select(table)):
                parts += [str(getattr(row, column.key)) for column in table.__table__.columns]
    return "\n".join(parts)


def leaks(text: str) -> set[str]:
    return {form for canary in CANARIES for form in forms(canary) if form in text}
