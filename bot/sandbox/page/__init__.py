"""The sandbox's chat page: a messenger for everybody in it, and a panel with what is behind the chat."""

from bot.sandbox.page.server import PORT, Page, bound

__all__ = ["PORT", "Page", "bound"]
