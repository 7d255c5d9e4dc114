"""getUpdates, setWebhook, deleteWebhook, getWebhookInfo: how the bot hears of what happens."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from bot.sandbox.telegram.errors import bad, conflict, flooded
from bot.sandbox.telegram.methods.calls import Call, Described, method
from bot.sandbox.telegram.state import Webhook

_LONGEST_POLL = 50
_PORTS = (80, 88, 443, 8443)
_WEBHOOK_ACTIVE = (
    "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)


@method("getUpdates")
async def get_updates(call: Call) -> object:
    """Updates from `offset` on; waits up to `timeout` seconds for the first."""
    state, parameters = call.state, call.parameters
    if state.webhook is not None:
        raise conflict(_WEBHOOK_ACTIVE)
    _allow(call)
    offset = parameters.integer("offset")
    limit = parameters.integer("limit", 100, low=1, high=100)
    timeout = parameters.integer("timeout", 0, low=0, high=_LONGEST_POLL)
    limit, timeout = state.polls.slowed(offset, limit, timeout)
    state.polls.stop_waiting()
    updates = state.updates.fetch(offset, limit)
    if not updates and timeout:
        await state.polls.wait(state.updates, timeout)
        updates = state.updates.fetch(0, limit)
    return [each.to_json() for each in updates]


@method("setWebhook")
def set_webhook(call: Call) -> object:
    """Deliver updates to an address from now on; an empty address is deleteWebhook."""
    state, url = call.state, call.parameters.text("url")
    if not url:
        return delete_webhook(call)
    now = state.clock.monotonic()
    if now < state.polls.webhook_set_at + 1:
        raise flooded(1)
    wanted = _webhook(call, url)
    state.polls.webhook_set_at = now
    _allow(call)
    _drop_pending(call)
    before = state.webhook
    if before is not None and (before.url, before.secret, before.max_connections) == (
        wanted.url,
        wanted.secret,
        wanted.max_connections,
    ):
        return Described(True, "Webhook is already set")
    state.webhook = wanted
    state.polls.stop_waiting("terminated by setWebhook request")
    state.polls.webhook_changed.set()
    return Described(True, "Webhook was set")


@method("deleteWebhook")
def delete_webhook(call: Call) -> object:
    """Back to getUpdates."""
    _drop_pending(call)
    if call.state.webhook is None:
        return Described(True, "Webhook is already deleted")
    call.state.webhook = None
    call.state.polls.webhook_changed.set()
    return Described(True, "Webhook was deleted")


@method("getWebhookInfo")
def get_webhook_info(call: Call) -> object:
    """WebhookInfo."""
    webhook, updates = call.state.webhook, call.state.updates
    known: dict[str, object] = {
        "url": webhook.url if webhook else "",
        "has_custom_certificate": False,
        "pending_update_count": len(updates.pending()),
    }
    if webhook is not None:
        known["max_connections"] = webhook.max_connections
        if webhook.last_error is not None:
            known["last_error_date"], known["last_error_message"] = webhook.last_error
    if updates.asked is not None:
        known["allowed_updates"] = updates.asked
    return known


def _webhook(call: Call, url: str) -> Webhook:
    """The webhook a request describes. Raises: Refusal where Telegram would not deliver there."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise bad("bad webhook: invalid webhook URL specified") from None
    if not parts.hostname:
        raise bad("bad webhook: invalid webhook URL specified")
    if not call.state.insecure_webhooks:
        if parts.scheme != "https":
            raise bad("bad webhook: An HTTPS URL must be provided for webhook")
        if (port or 443) not in _PORTS:
            raise bad("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    secret = call.parameters.text("secret_token")
    if len(secret) > 256:
        raise bad("secret token is too long")
    if not re.fullmatch(r"[A-Za-z0-9_-]*", secret):
        raise bad("secret token contains unallowed characters")
    return Webhook(url, secret, call.parameters.integer("max_connections", 40, low=1, high=100))


def _allow(call: Call) -> None:
    if not call.parameters.text("allowed_updates"):
        return
    try:
        kinds = call.parameters.json("allowed_updates")
    except ValueError:
        return
    if isinstance(kinds, list):
        call.state.updates.allow(kinds)


def _drop_pending(call: Call) -> None:
    if call.parameters.boolean("drop_pending_updates"):
        call.state.updates.clear()
