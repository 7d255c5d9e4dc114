"""From a commit to pods that run it: git, Buildah, a registry with a password, Helm, the rollout."""

from pathlib import Path

from bot.images.access import Credentials, ServerAccess
from bot.images.registry import Registries
from tests.builds.repositories import shop
from tests.images import real_registry
from tests.worlds import open_bot_world

CONFIG = """
registries:
  {registry}: {{username: ci, password_file: password, plain_http: true}}
apps:
  shop:
    image: {registry}/team/shop
    tags: {{match: '.*', order: created}}
    source: {{git: "{git}"}}
    build: {{tag: "{{{{ branch }}}}-{{{{ sha[:8] }}}}"}}
"""


async def test_a_branch_is_built_pushed_deployed_and_runs(tmp_path: Path) -> None:
    repository = shop(tmp_path / "git" / "shop")
    sha = repository.git("rev-parse", "HEAD")
    (tmp_path / "registry").mkdir()
    (tmp_path / "password").write_text("s3cret")
    async with real_registry.running(tmp_path / "registry") as registry:
        config = CONFIG.format(registry=registry, git=repository.url)
        async with open_bot_world(tmp_path, config) as world:
            world.sandbox.servers.elsewhere.add(registry)
            world.lee.says("/build shop main")
            done = await world.sees(r"✅ build shop main · ", buttons=["Deploy to staging", "Log", "Digest"])
            assert f"main-{sha[:8]}" in done.text
            assert "“Fix cart rounding” (Lee)" in done.text
            await world.lee.presses("Deploy to staging")
            await world.sees(f"Plan: shop → staging main-{sha[:8]}")
            await world.lee.presses("Deploy to staging")
            await world.sees(f"✅ shop → staging main-{sha[:8]}")
            repository.commit({"run": "exec httpd -f -p 8081\n"}, "Listen elsewhere")
            world.lee.says("/ship shop main staging")
            await world.sees("Plan: shop → staging main-", buttons=["Deploy to staging"])
            await world.lee.presses("Deploy to staging")
            await world.sees("✅ shop → staging main-")
            world.lee.says("/images shop")
            listed = await world.sees("shop: 2 images", buttons=["Build"])
            assert "Runs in staging" in listed.text
            pods = world.cluster.storage.list("", "pods", "shop-staging")
        account = Credentials("ci", lambda: "s3cret")
        async with Registries({f"http://{registry}": ServerAccess(account)}) as registries:
            digest = await registries.digest(f"{registry}/team/shop", f"main-{sha[:8]}")
            labels = await registries.labels(f"{registry}/team/shop", digest)
    assert labels["org.opencontainers.image.revision"] == sha
    assert labels["org.opencontainers.image.version"] == f"main-{sha[:8]}"
    images = {pod["spec"]["containers"][0]["image"] for pod in pods}
    assert any("/team/shop:main-" in image and "@sha256:" in image for image in images)
