"""Each thing that would go wrong at the first deploy is a line of `check`: what, where, and how to mend it."""

from __future__ import annotations

import asyncio
import io
import json

import aiohttp
import yaml

from bot.checking import check
from bot.sandbox.kubernetes.storage import Key
from bot.sandbox.servers import TOKEN
from tests.checking.conftest import Checked
from tests.modes.opening import bot_in
from tests.rbac.accounts import account, apply

TEAM = -1001000000001
NEWS = -1001000000002


async def test_chats_and_topics_where_the_bot_can_not_post_are_told(checked: Checked) -> None:
    telegram = checked.sandbox.servers.telegram.world
    telegram.set_bot(TEAM, "administrator")
    good = await checked()
    assert (good.code, good.wrong) == (0, [])
    assert good.line("chat team") == "may post in Team (supergroup)"
    assert "privacy" not in good.text

    telegram.set_bot(TEAM, "member")
    telegram.state.chats[TEAM].topics[3].closed = True
    telegram.state.chats[NEWS].members[telegram.bot.id].rights.clear()
    telegram.add_group(-1001000000009, "Elsewhere", [], bot="kicked")
    more = {
        "chats": {
            "team": {"topics": {"builds": 77}},
            "elsewhere": {"id": -1001000000009},
            "nowhere": {"id": -1009999999999},
            "flat": {"id": -1001000000010, "topics": {"deploys": 2}},
        }
    }
    telegram.add_group(-1001000000010, "Flat", [])
    report = await checked(more)
    assert report.code == 1
    assert "a plain /deploy there may not arrive" in report.line("chat team", "note")
    assert "is closed: reopen it" in report.line("topic team/alerts")
    assert "topic 77 is not there" in report.line("topic team/builds")
    assert "admin who may post messages" in report.line("chat news")
    assert "add the bot" in report.line("chat elsewhere")
    assert "chat not found" in report.line("chat nowhere").lower()
    assert "has no topics" in report.line("chat flat", "wrong")


async def test_whoever_else_takes_the_updates_is_told_and_none_is_lost(checked: Checked) -> None:
    server = checked.sandbox.servers.telegram
    url = f"{server.url}/bot{TOKEN}"
    server.world.says(1002, 1002, "/start")
    report = await checked()
    assert report.line("updates") == "nobody else reads this token"
    async with aiohttp.ClientSession() as session:

        async def other() -> None:
            offset = 0
            while True:
                async with session.get(
                    f"{url}/getUpdates", params={"timeout": 50, "offset": offset}
                ) as answer:
                    for update in (await answer.json()).get("result", []):
                        offset = update["update_id"] + 1

        reading = asyncio.create_task(other())
        report = await checked()
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        assert report.wrong == ["updates"]
        assert "another process reads this token" in report.line("updates")

        async with session.get(
            f"{url}/setWebhook", params={"url": "http://hook.example.org/secret"}
        ) as answer:
            assert answer.status == 200, await answer.text()
    report = await checked()
    assert "a webhook is set, so they go to hook.example.org" in report.line("updates")
    assert "/secret" not in report.text


async def test_a_bot_that_runs_on_the_store_is_left_in_peace(checked: Checked) -> None:
    (checked.folder / "bot").mkdir()
    async with bot_in(checked.sandbox, checked.folder / "bot") as world:
        report = await checked()
        assert report.line("updates").startswith("not tried: a bot runs on this store already")
        world.leave_unfinished("shop", "shop", 2)
        pending = (await checked()).line("shop in production", "wrong")
        assert pending.startswith("pending-upgrade (revision 2 by ")
        world.dana.says("/whoami", chat="private")
        await world.sees("Your id 1002", chat="private")


async def test_secrets_clocks_and_kubeconfigs_are_told_with_what_to_write(checked: Checked) -> None:
    checked.clock.move(seconds=90)
    plugin = {
        "current-context": "it",
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "me"}}],
        "clusters": [{"name": "it", "cluster": {"server": checked.sandbox.servers.cluster.url}}],
        "users": [{"name": "me", "user": {"exec": {"command": "cloud-login", "apiVersion": "v1"}}}],
    }
    (checked.folder / "plugin").write_text(yaml.safe_dump(plugin), encoding="utf-8")
    more = {
        "clusters": {"cloud": {"kubeconfig": "plugin"}},
        "registries": {"r.example.org": {"username": "ci", "password_file": "missing"}},
        "apps": {"blog": {"secrets": {"a": "${UNSET_TOO}"}}},
    }
    environ = {key: value for key, value in checked.sandbox.secrets.items() if not key.startswith("SHOP")}
    report = await checked(more, environ=environ)
    assert report.code == 1
    unset = report.line("secret ${SHOP_DB_PASSWORD}")
    assert "world.yaml:" in unset
    assert "(apps.shop.secrets.db.password): set SHOP_DB_PASSWORD" in unset
    assert "more.yaml:" in report.line("secret ${UNSET_TOO}")
    assert "(registries.r.example.org.password_file)" in report.line(f"secret {checked.folder}/missing")
    assert "`cloud-login`" in report.line("cluster cloud")
    assert "add `allow_exec: true`" in report.line("cluster cloud")
    for whose in ("clock of Telegram", "clock of cluster main"):
        assert "s ahead of" in report.line(whose)


async def test_releases_tell_revision_maker_state_and_owner(checked: Checked) -> None:
    storage = checked.sandbox.servers.cluster.storage
    owned = Key("apps", "deployments", "blog-staging", "blog")
    blog = storage.get(owned)
    assert blog is not None
    labels = {"helm.toolkit.fluxcd.io/name": "blog", "helm.toolkit.fluxcd.io/namespace": "flux"}
    blog["metadata"]["labels"] |= labels
    storage.put(owned, blog)
    report = await checked()
    shop = report.line("shop in staging")
    assert "v1.1 deployed, revision 2 by helm" in shop
    assert report.line("blog in production") == "not deployed"
    assert "read-only here: Flux's HelmRelease blog in flux manages it" in report.line("blog in staging")


async def test_rights_are_reviewed_and_the_printed_roles_grant_what_is_missing(checked: Checked) -> None:
    cluster = checked.sandbox.servers.cluster
    async with account(cluster, checked.folder) as mine:
        builds = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "yard"}}
        await apply(cluster, [builds])
        reached = {
            "clusters": {"main": {"kubeconfig": str(mine.kubeconfig)}},
            "builds": {"job": {"cluster": "main", "namespace": "yard"}},
            "environments": {"production": {"impersonate": True}},
            "people": {
                "dana": {"kubernetes": {"user": "dana@example.org", "groups": ["shop-devs"]}},
                "vic": {"kubernetes": {"user": "vic@example.org"}},
            },
        }
        before = await checked(reached)
        assert before.code == 1
        assert "the bot may not get namespaces kube-system" in before.line("rights in main")
        assert "create/delete/get/patch configmaps" in before.line("rights for shop in staging")
        assert "impersonate groups shop-devs" in before.line("rights for shop in production")
        assert "create/delete/get/list/watch jobs.batch" in before.line("rights for builds in yard")
        await apply(cluster, before.documents())

        granted = await checked(reached)
        assert "dana (dana@example.org) may not" in granted.text
        assert "the bot may do" in granted.line("rights for shop in staging")
        await apply(cluster, granted.documents())

        whole = await checked(reached)
        assert (whole.code, whole.documents()) == (0, [])
        assert "(asked as dana)" in whole.line("shop in production")


async def test_programs_read_it_as_json(checked: Checked) -> None:
    out = io.StringIO()
    assert await check(checked.sandbox.configs, checked.sandbox.secrets, out, as_json=True) == 0
    found = json.loads(out.getvalue())
    assert found["wrong"] == 0
    assert {"group": "Telegram", "mark": "ok", "about": "Telegram", "words": "@pilothouse_bot"} in found[
        "findings"
    ]
