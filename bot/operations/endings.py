"""How a deploy ends, from what its change led to: the outcomes that its message tells."""

from collections.abc import Sequence

from bot.operations.change import Changed
from bot.operations.errors import StepFailed
from bot.operations.operation import Outcome


def done(changed: Changed) -> Outcome:
    """As asked, or as asked and nobody can tell."""
    return Outcome(
        result="applied" if changed.not_followed else "done",
        words=", ".join(changed.not_followed),
        revision=changed.revision,
        ready=changed.ready,
        back_to=changed.back_to,
        notes=changed.notes,
    )


def failed(changed: Changed) -> Outcome:
    """Not as asked, and left as it is."""
    return Outcome(
        result="failed",
        words=changed.words,
        advice=changed.advice,
        quote=changed.quote,
        last_words=changed.last_words,
        revision=changed.revision,
        ready=changed.ready,
        back_to=changed.back_to,
        notes=changed.notes,
    )


def restored(changed: Changed, back: Changed, version: str, lasting: Sequence[str]) -> Outcome:
    """It failed and `version` is back; `lasting` is what did not come back with it."""
    update = {
        "result": "restored",
        "back_to": version,
        "revision": back.revision,
        "attempt": changed.revision,
        "notes": tuple(lasting),
    }
    return failed(changed).model_copy(update=update)


def broken(words: str, failure: StepFailed, changed: Changed) -> Outcome:
    """It failed and so did the way back: a person is needed, and told both reasons."""
    return Outcome(
        result="broken",
        words=words,
        advice=changed.words,
        quote=failure.quote or failure.words,
        last_words=changed.last_words,
        revision=changed.revision,
    )
