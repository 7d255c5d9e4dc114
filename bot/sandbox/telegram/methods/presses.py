"""answerCallbackQuery: what the person who pressed a button sees for it."""

from __future__ import annotations

from bot.sandbox.telegram.errors import bad
from bot.sandbox.telegram.messages import Answer
from bot.sandbox.telegram.methods.calls import Call, method

_TEXT_LIMIT = 200


@method("answerCallbackQuery")
def answer_callback_query(call: Call) -> object:
    """Answer a press; the first answer is the one that is shown."""
    query_id = call.parameters.text("callback_query_id")
    query = call.state.queries.get(query_id)
    age = call.state.clock.monotonic() - query.pressed_at if query else 0.0
    if query is None or age > call.state.limits.answer_within:
        raise bad("query is too old and response timeout expired or query ID is invalid")
    text = call.parameters.text("text")
    if len(text) > _TEXT_LIMIT:
        raise bad("MESSAGE_TOO_LONG")
    answer = Answer(
        query.id,
        query.user.id,
        query.message.chat_id,
        query.message.id,
        text,
        call.parameters.boolean("show_alert"),
        call.parameters.text("url"),
    )
    if query.id not in call.state.answers:
        call.state.answers[query.id] = answer
        call.state.happenings.tell("answered", answer)
    return True
