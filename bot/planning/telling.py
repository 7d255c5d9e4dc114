"""What a plan says beside its changes: whether there is a way back, what would be lost, what runs and what stays.

Pure; the sentences of a way back are `going_back`'s.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.config import Target
from bot.masking import Masker
from bot.planning.foreign import Foreign, lost_values
from bot.planning.going_back import Stopping, Way, not_healthy, skipped
from bot.planning.hiding import held_by
from bot.planning.live import Live
from bot.planning.losing import is_kept
from bot.planning.manifests import Manifest
from bot.planning.releases import Past
from bot.planning.values import Layered


def with_lost_values(
    found: Foreign | None, target: Target, live: Live, layers: Layered, masker: Masker
) -> Foreign | None:
    """The foreign revision with the values that its next deploy would lose."""
    if found is None or live.record is None:
        return None
    lost = lost_values(
        live.record,
        layers.values,
        masker,
        held_by(live.objects, live.hooks),
        disclosed=target.environment.disclose != "summary",
    )
    return replace(found, lost=lost)


def unhealthy(live: Live, now: str) -> str:
    """Why what is deployed is no way back; "" where it is, or where nobody knows."""
    judged = live.past.verdicts.get(live.revision.number) if live.revision is not None else None
    if judged is None or judged.health != "failed":
        return ""
    why = f": {judged.reason[:120].rstrip('.')}" if judged.reason else ""
    return f"{now} is unhealthy already{why}; no way back to it"


def way_back(target: Target, live: Live, now: str) -> str:
    """What a failed deploy leads to, where the environment goes back by itself."""
    if target.environment.on_failure != "rollback":
        return ""
    if live.past.newest is None:
        return "If it fails: removed, disks kept"
    back = live.past.healthy_before(live.past.newest.number + 1)
    if back is None:
        return "If it fails: it stays, no healthy revision to go back to"
    version = now if back == live.revision else live.past.version(back)
    return f"If it fails: back to {version or f'revision {back.number}'}"


def deploy_notes(target: Target, live: Live, masker: Masker) -> list[str]:
    """What a deploy can't promise, and how the one before it ended."""
    notes = []
    if target.app.image is not None and not target.app.image_value.pins:
        notes.append("Deployed by tag: the chart takes no digest")
    if live.revision is not None and live.revision.status == "failed" and not unhealthy(live, ""):
        why = masker.mask_text(live.revision.description)[:120]  # masked whole: half a secret looks like none
        notes.append(f"Revision {live.revision.number} failed: {why}")
    return notes


def running_hooks(hooks: Sequence[Manifest], live: Live) -> list[Manifest]:
    """Those that run with a deploy: an upgrade's where something is deployed, else an install's."""
    events = {"pre-upgrade", "post-upgrade"} if live.revision is not None else {"pre-install", "post-install"}
    return [hook for hook in hooks if events.intersection(hook.hook_events)]


def rollback_notes(way: Way, past: Past, stopping: Stopping | None, *, named: bool) -> list[str]:
    """What it leaves out, and the hooks that run; what it can't bring back is told beside these."""
    runs = [
        hook for hook in way.wanted.hooks if {"pre-rollback", "post-rollback"}.intersection(hook.hook_events)
    ]
    notes = [f"Stops {stopping.author}'s deploy of {stopping.version} first"] if stopping else []
    notes += not_healthy(way, past) if named else skipped(way, past, stopping)
    return notes + [f"{hook.key} runs" for hook in runs]


def uninstall_notes(live: Live) -> list[str]:
    """What stays when the release is removed."""
    return [f"{each.key} stays" for each in live.objects if is_kept(each.object)]
