"""Of a values file that is secret as a whole no leaf is shown, be it as short as a port or a word of everyday."""

from pathlib import Path
from typing import Any

import yaml

from tests.security.acting import reconfigured
from tests.security.test_secrets_stay_hidden import apps, everything_shown, everything_stored, write_chart
from tests.sops import PROGRAM, encrypted, new_key
from tests.worlds import World

CHART = """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data:
  turn: {{ .Values.turn | quote }}
  port: {{ .Values.db.port | quote }}
  user: {{ .Values.db.user | quote }}
  dsn: "pg://{{ .Values.db.user }}:{{ .Values.db.password }}@db:{{ .Values.db.port }}/x"
  mail: {{ .Values.mail.password | quote }}
  plain: "8643"
"""

OLD = {"db": {"port": 8642, "user": "wren", "password": "old-canary-1357", "tls": True}}
NEW = {"db": {"port": 9753, "user": "kite", "password": "new-canary-2468", "tls": True}}
MAIL = "mail-canary-3579"
SECRETS = ("8642", "wren", "9753", "kite", "canary")


async def deployed(world: World, folder: Path, db: dict[str, Any], turn: str) -> None:
    (folder / "db.yaml").write_text(yaml.safe_dump(db), encoding="utf-8")
    (folder / "plain.yaml").write_text(yaml.safe_dump({"turn": turn}), encoding="utf-8")
    shop = {
        "chart": str(folder / "chart"),
        "image": None,
        "source": None,
        "values": [
            str(folder / "plain.yaml"),
            {"file": str(folder / "db.yaml"), "secret": True},
            str(folder / "mail.yaml"),
        ],
    }
    await reconfigured(
        world,
        apps={**apps(world), "shop": shop},
        sops={"program": PROGRAM, "age_key_file": str(folder / "age.txt")},
    )
    world.kim.says("/deploy shop staging")
    await world.sees("Plan: shop → staging", buttons=["Deploy to staging", "Full diff"])
    await world.kim.presses("Full diff")
    await world.sees("shop → staging")
    await world.kim.presses("Deploy to staging")
    await world.sees("✅ shop → staging")


async def test_no_leaf_of_a_secret_file_is_ever_shown(world: World, tmp_path: Path) -> None:
    write_chart(tmp_path / "chart", CHART)
    mail = await encrypted({"mail": {"password": MAIL}}, new_key(tmp_path / "age.txt"))
    (tmp_path / "mail.yaml").write_text(mail, encoding="utf-8")
    await deployed(world, tmp_path, OLD, "1")
    await deployed(world, tmp_path, NEW, "2")
    await world.kim.presses("Diff")
    await world.sees("what revision")
    for command in ("/values shop staging", "/render shop staging", "/rollback shop staging"):
        world.kim.says(command)
        await world.sees("shop")
    await world.kim.presses("Full diff")
    await world.sees("shop → staging")
    shown = everything_shown(world)
    assert "8643" in shown, "what is not secret is shown"
    assert [secret for secret in SECRETS if secret in shown] == []
    assert [secret for secret in SECRETS if secret in await everything_stored(world)] == []
    assert world.parts.current.masker.mask_text(f"connect failed for {MAIL}") == "connect failed for •••"
    assert world.parts.current.masker.mask_text("shop listens on 9753") == "shop listens on 9753"
