"""What a push to a git host brings about in the chat: an image, and its deploy, offered or begun by itself."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from bot.store.tables import AuditRow
from tests.builds.conftest import CONFIG
from tests.builds.repositories import Repository
from tests.webhooks.calling import Called, write_secret
from tests.webhooks.payloads import github
from tests.worlds import World, open_bot_world

DOCKERFILE = 'FROM scratch\nCOPY run /app/\nCMD ["/app/run"]\n'
"""Of files alone: the bot builds it by itself."""
STARTS = "\nenvironments: {staging: {on_push: deploy}}\n"


@dataclass(frozen=True)
class Hosted:
    """A world whose shop is built when its repository is pushed to."""

    world: World
    repository: Repository
    called: Called

    async def push(self, ref: str = "refs/heads/main") -> tuple[int, str]:
        """Tell of a push of what the repository has now."""
        return await self.called.post(github(ref, self.repository.git("rev-parse", ref)))


@asynccontextmanager
async def hosted(folder: Path, *, deploy: str = "", extra: str = "") -> AsyncIterator[Hosted]:
    repository, called = Repository(folder / "git" / "shop"), Called()
    repository.commit({"Dockerfile": DOCKERFILE, "run": "exec httpd -p 8080\n"}, "Fix cart rounding")
    write_secret(folder)
    webhook = f"deploy: {deploy}" if deploy else ""
    built = CONFIG.format(git=repository.url).replace("at_once: 1", "builder: builtin")
    config = built + called.config(webhook=webhook) + extra
    async with open_bot_world(folder, config) as world:
        yield Hosted(world, repository, called)


async def test_a_push_makes_an_image_that_people_are_offered_to_deploy(tmp_path: Path) -> None:
    async with hosted(tmp_path, deploy="production") as at:
        world, call = at.world, github(after=at.repository.git("rev-parse", "HEAD")).signed()
        status, words = await at.called.post(call)
        assert (status, words.startswith("shop main: operation ")) == (202, True)
        done = await world.sees("✅ build shop main · ", buttons=["Deploy to production", "Log"])
        assert "by GitHub push by octo-lee" in done.text
        assert "Needs: deploy in production" in await world.lee.presses("Deploy to production")
        await world.dana.presses("Deploy to production")
        await world.sees("Plan: shop → PRODUCTION main-")
        assert await at.called.post(call) == (200, "shop main: this was told before")
        await at.push()
        await world.sees("✅ build shop main: was there", buttons=["Deploy to production"])
        async with world.parts.database.read() as session:
            begun = (AuditRow.action == "push", AuditRow.outcome == "started")
            rows = await session.scalars(select(AuditRow).where(*begun))
            told = [(row.actor_id, row.actor, row.app) for row in rows]
        assert told == [(0, "GitHub push by octo-lee", "shop")] * 2


async def test_a_push_deploys_by_itself_where_the_environment_says_so(tmp_path: Path) -> None:
    async with hosted(tmp_path, deploy="staging", extra=STARTS) as at:
        world = at.world
        await at.push()
        await world.sees("⚠️ Not deployed: what runs in staging was put there by others")
        await world.lee.presses("Deploy to staging")
        await world.sees("Plan: shop → staging main-")
        await world.lee.presses("Deploy to staging")
        await world.sees("✅ shop → staging main-")
        sha = at.repository.commit({"run": "exec httpd -f -p 8081\n"}, "Listen elsewhere")
        world.mark()
        await at.push()
        await world.sees("🚀 Its deploy to staging has begun")
        done = await world.sees(f"✅ shop → staging main-{sha[:8]}")
        assert "GitHub push by octo-lee" in done.text
        await at.push()
        await world.sees("⚠️ Nothing is deployed by itself: there was an image", buttons=["Deploy to staging"])
        world.dana.says("/lock shop staging demonstration")
        await world.sees("🔒")
        at.repository.git("tag", "main")
        await at.push("refs/heads/main")
        await world.sees("❌ build shop main · .*\nWhy: main is a tag and a branch")
        at.repository.git("tag", "v9.0")
        await at.push("refs/tags/v9.0")
        await world.sees("⚠️ Dana has locked shop in staging", buttons=["Deploy to staging"])
        laid_over = (tmp_path / "extra.yaml").read_text()
        role = "\nroles: {builder: {permissions: [image.build]}}\n"
        (tmp_path / "extra.yaml").write_text(
            laid_over.replace("role: developer, web", "role: builder, web") + role
        )
        world.kim.says("/reload", "private")
        await world.sees("Configuration reloaded", chat="private kim")
        world.mark()
        at.repository.git("tag", "v9.1")
        await at.push("refs/tags/v9.1")
        await world.sees("⚠️ Webhook shop may not deploy to staging", buttons=["Deploy to staging"])
