"""/start, /help, /whoami and /apps: what this person may do here, and what there is."""

from bot.commands.ask import Ask
from bot.commands.choices import Choice, run
from bot.commands.declaring import COMMANDS, KNOWN, Declared, button, command
from bot.commands.menus import usable
from bot.commands.naming import example_key
from bot.commands.pickers import PAGE
from bot.commands.standing import all_standing, by_app
from bot.permissions import summary

SHOWN = 12
"""Apps in environments that the first screen looks at."""


@button("run", permission=KNOWN)
async def run_command(ask: Ask, command: str, fresh: bool = False) -> None:
    """Do what typing the command would; the dispatcher reads it and checks its own permission."""


@command("start", permission=KNOWN, example="/start")
async def start(ask: Ask) -> None:
    """The first screen."""
    choices: list[Choice] = []
    if ask.targets("deploy.run"):
        choices.append(run("Deploy", "/deploy", "primary"))
    choices += [run("Status", "/status"), run("Apps", "/apps"), run("Operations", "/operations")]
    choices.append(run("Help", "/help"))
    targets = ask.targets("app.view")
    found = await all_standing(ask.services, targets[:SHOWN], ask.who.identity)
    rights = summary(ask.who, ask.services.policy(), ask.chat_id)
    await ask.show("start", choices, who=ask.who.name, rights=rights, apps=by_app(found))


@command("help", permission=KNOWN, example="/help")
async def help_(ask: Ask) -> None:
    """What you may do here."""
    groups: dict[str, list[dict[str, str]]] = {}
    for declared in COMMANDS.values():
        if usable(ask.who, declared, ask.config, ask.services.policy(), ask.chat_id):
            line = {"example": _example(ask, declared), "summary": declared.summary}
            groups.setdefault(declared.group, []).append(line)
    await ask.show("help", [run("‹ Start", "/start")], groups=groups)


@command("whoami", permission=KNOWN, example="/whoami", group="Rights")
async def whoami(ask: Ask) -> None:
    """Who you are to the bot, with the ids of this chat."""
    identity = ask.who.identity
    kubernetes = f"{identity.user} ({', '.join(identity.groups)})" if identity else ""
    await ask.show(
        "whoami",
        who=ask.who,
        rights=summary(ask.who, ask.services.policy(), ask.chat_id),
        chat_id=ask.chat_id,
        topic=ask.topic,
        kubernetes=kubernetes,
    )


@command("apps", permission="app.view", example="/apps")
async def apps(ask: Ask) -> None:
    """The apps that you may see, and where they run."""
    found: dict[str, list[str]] = {}
    for target in ask.targets("app.view"):
        found.setdefault(target.app.name, []).append(target.environment.name)
    names = list(found)[ask.skip : ask.skip + PAGE]
    choices = [run(name, f"/status {name}") for name in names]
    if len(found) > ask.skip + PAGE:
        choices.append(run("More", "/apps", skip=ask.skip + PAGE))
    choices.append(run("‹ Start", "/start"))
    await ask.show("apps", choices, apps={name: found[name] for name in names})


def _example(ask: Ask, declared: Declared) -> str:
    """The declared example with an app, an environment and somebody else that this person knows."""
    targets = ask.targets("app.view" if declared.permission == KNOWN else declared.permission)
    example = declared.example.replace("dana", example_key(ask.who, ask.services.policy()))
    if not targets:
        return example
    first = targets[0]
    return example.replace("shop", first.app.name).replace("staging", first.environment.name)
