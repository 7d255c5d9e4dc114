"""The sandbox's chat page: a messenger for everybody in it, and a panel with what is behind the chat."""

from bot.sandbox.page.server import PORT, Page, address_of, bound

__all__ = ["PORT", "Page", "address_of", "bound"]
