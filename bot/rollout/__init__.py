"""Following workloads to their end and naming why they fail."""

from bot.events import Trouble
from bot.rollout.causes_helm import from_helm_error
from bot.rollout.causes_routing import autoscaler_fights
from bot.rollout.following import Follower
from bot.rollout.judging import explain, judge
from bot.rollout.verdicts import Health, ObjectRef, Rules, Verdict

__all__ = [
    "Follower",
    "Health",
    "ObjectRef",
    "Rules",
    "Trouble",
    "Verdict",
    "autoscaler_fights",
    "explain",
    "from_helm_error",
    "judge",
]
