"""What the message of a build offers: while it runs, and once it has ended."""

from bot.commands.choices import Choice, copying, run
from bot.commands.disclosing import readable
from bot.config import Config
from bot.operations.view import View
from bot.permissions import Policy


def while_running(view: View) -> list[Choice]:
    """The log so far, and the way to stop it."""
    if view.cancelling:
        return []
    stop = {"operation_id": view.id}
    return [
        _log("Log", view),
        Choice("Cancel build", "operation.cancel", stop, "danger", app=view.app, anyone=True),
    ]


def next_steps(view: View, config: Config) -> list[Choice]:
    """Where the image may go, what was said, and another try."""
    assert view.outcome is not None
    made = view.outcome.made
    again = run("Build again", f"/build {view.app} {view.version}", fresh=True)
    if made is None:
        return [_log("Whole log", view), again]
    app = config.apps.get(view.app)
    goes_to = made.goes_to or (next(iter(app.environments), "") if app is not None else "")
    choices = []
    if goes_to and not made.is_going:
        label = f"Deploy to {goes_to}"
        choices.append(run(label, f"/deploy {view.app} {made.tag} {goes_to}", "primary", fresh=True))
    if made.was_there:
        choices.append(_anew(view))
    else:
        choices.append(_log("Log", view))
    return [*choices, *copying("Digest", made.digest)]


def may_quote(view: View, _config: Config, policy: Policy, chat_id: int) -> bool:
    """Whether what the build said may be told in a chat now."""
    return readable(policy, chat_id, "image.build", view.app)


def _log(label: str, view: View) -> Choice:
    return Choice(label, "build.log", {"operation_id": view.id}, app=view.app, anyone=True)


def _anew(view: View) -> Choice:
    arguments = {"app": view.app, "ref": view.version}
    return Choice("Build anew", "build.anew", arguments, app=view.app, anyone=True)
