"""What makes the embedded cluster live: its controllers, scheduler and kubelets, working on `Storage`.

They know nothing of HTTP: what a client asks for reaches them as a change of the storage.
"""

from bot.sandbox.kubernetes.behaviour import Pace
from bot.sandbox.kubernetes.controllers.control_plane import Controllers

__all__ = ["Controllers", "Pace"]
