"""/reload: put the configuration's files into force, and accept that a cluster's name leads to another one."""

from bot.cluster.identities import Swap
from bot.commands.arguments import NO_REST, Rest
from bot.commands.ask import Ask
from bot.commands.choices import Choice, run
from bot.commands.declaring import button, command
from bot.planning.errors import PlanRefused


@command("reload", permission="config.reload", example="/reload", group="Rights")
async def reload(ask: Ask, rest: Rest = NO_REST) -> None:
    """Load the configuration again; a bad one keeps the old one in force."""
    if rest:
        await _accept(ask, _named(ask, rest))
        return
    suspended = ask.services.policy().suspended
    problems = await ask.services.reload()
    await ask.record("config.reload", "refused" if problems else "done", detail="; ".join(problems))
    if problems:
        more = [f"and {len(problems) - 8} more"] if len(problems) > 8 else []
        await ask.show("said", heading="🚫 Not reloaded: the old one stays", lines=[*problems[:8], *more])
        return
    still = ask.services.policy().suspended
    ended = [
        f"{each.name} is not suspended any more" for each in suspended.values() if each.person_id not in still
    ]
    swaps = await ask.services.identities.swaps(
        {name: cluster.access for name, cluster in ask.config.clusters.items()}
    )
    lines = ["Running operations keep theirs", *ended, *(line for each in swaps for line in _told(each))]
    choices = [
        Choice(
            f"Accept {each.name}'s new cluster",
            "cluster.accept",
            {"name": each.name, "uid": each.now},
            "danger",
        )
        for each in swaps
    ]
    await ask.show("said", choices, heading="✅ Configuration reloaded", lines=lines)


@button("cluster.accept", permission="config.reload")
async def accept(ask: Ask, name: str, uid: str) -> None:
    """Let a name stand for the cluster that was seen under it."""
    await _accept(ask, name, uid)


async def _accept(ask: Ask, name: str, uid: str = "") -> None:
    if name not in ask.config.clusters:
        raise PlanRefused(
            f"There is no cluster {name} any more", advice="Look at `clusters` in the configuration"
        )
    swap = await ask.services.identities.accept(name, ask.config.clusters[name].access, uid)
    same = swap.before == swap.now
    await ask.record("cluster.accept", "done", detail=f"{name}: {swap.now}, it was {swap.before}")
    heading = f"✅ {name} is {swap.now}" + (", as before" if same else "")
    lines = [] if same else [f"It was {swap.before}", "Operations on the old one stop"]
    await ask.show("said", [run("Status", "/status")], heading=heading, lines=lines)


def _told(swap: Swap) -> list[str]:
    """A cluster on which nothing is done until somebody accepts it."""
    return [
        "",
        f"⚠️ {swap.name} is another cluster now:",
        f"{swap.now}, it was {swap.before}",
        "Nothing is done there",
    ]


def _named(ask: Ask, rest: Rest) -> str:
    """The cluster of `/reload accept main`.

    Raises: PlanRefused.
    """
    known = list(ask.config.clusters)
    word, *names = rest
    found = {name.lower(): name for name in known}.get(names[0].lower()) if len(names) == 1 else None
    if word.lower() != "accept" or found is None:
        raise PlanRefused(
            "/reload takes nothing, or `accept` and a cluster",
            advice=f"Example: /reload accept {known[0] if known else 'main'}",
        )
    return found
