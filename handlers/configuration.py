"""/reload: put the configuration's files into force."""

from bot.commands.ask import Ask
from bot.commands.declaring import command


@command("reload", permission="config.reload", example="/reload", group="Rights")
async def reload(ask: Ask) -> None:
    """Load the configuration again; a bad one keeps the old one in force."""
    suspended = ask.services.policy().suspended
    problems = await ask.services.reload()
    await ask.record("config.reload", "refused" if problems else "done", detail="; ".join(problems))
    if problems:
        more = [f"and {len(problems) - 8} more"] if len(problems) > 8 else []
        await ask.show("said", heading="🚫 Not reloaded: the old one stays", lines=[*problems[:8], *more])
    else:
        still = ask.services.policy().suspended
        ended = [
            f"{each.name} is not suspended any more"
            for each in suspended.values()
            if each.person_id not in still
        ]
        lines = ["Running operations keep theirs", *ended]
        await ask.show("said", heading="✅ Configuration reloaded", lines=lines)
