"""/build: make an app's image from a commit."""

from bot.commands.arguments import GitRef
from bot.commands.ask import Ask
from bot.commands.building import order_build, pick_ref, propose_dockerfile
from bot.commands.declaring import button, command
from bot.config import App, Environment
from bot.telegram.messages import Document


@command("build", permission="image.build", example="/build shop main", group="Build")
async def build(ask: Ask, app: App, ref: GitRef | None = None) -> None:
    """Make an image of a branch, tag or commit."""
    if ref is None:
        await pick_ref(ask, app)
    else:
        await order_build(ask, app, ref)


@command("ship", permission="deploy.run", example="/ship shop main staging", group="Build")
async def ship(ask: Ask, app: App, environment: Environment, ref: GitRef) -> None:
    """Build an image, then plan its deploy."""
    ask.need("image.build", app.name)
    await order_build(ask, app, ref, then=environment)


@button("build.anew", permission="image.build")
async def anew(ask: Ask, app: str, ref: str) -> None:
    """Build a commit that has an image already, without the cache."""
    await order_build(ask, ask.config.apps[app], GitRef(ref), again=True)


@button("build.log", permission="image.build")
async def log(ask: Ask, operation_id: str) -> None:
    """The whole log of a build, as a document."""
    row = await ask.services.desk.find(operation_id)
    text = await ask.services.builds.log(operation_id)
    if row is None or not text:
        ask.toast("Its log is not kept any more")
        return
    name = f"{row.app}-{row.version}.log".replace("/", "-")
    masked = ask.services.masker().mask_text(text.decode(errors="replace"))
    document = Document(name, masked.encode())
    await ask.show("document", document=document, heading=f"build {row.app} {row.version}")


@command("dockerfile", permission="image.build", example="/dockerfile shop", group="Build")
async def dockerfile(ask: Ask, app: App) -> None:
    """Propose a Dockerfile for an app that has none."""
    await propose_dockerfile(ask, app)
