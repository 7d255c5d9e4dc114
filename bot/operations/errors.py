"""What can go wrong with an operation, named by what happens next.

OperationError
├── StepFailed     the step can't succeed: journaled, told, and the operation ends or undoes itself
├── Busy           another operation has the release: wait for it or ask its author
├── Held           a lock or the standstill keeps it back: take it, wait for its end, or ask who set it
├── Suspended      whoever hands it in may do nothing any more
├── Spent          what asks for it was used already: nothing is started twice
└── LeaseLost      another process leads now: this one must stop at once
"""

from bot.store.holds import Lock, Standstill


class OperationError(Exception):
    """An operation did not go as asked."""


class StepFailed(OperationError):
    """A step failed for a reason that trying again does not mend.

    `words` says what is wrong and where, `advice` how to mend it, `quote` is the other side's own text.
    """

    def __init__(self, words: str, *, advice: str = "", quote: str = "") -> None:
        super().__init__(words)
        self.words = words
        self.advice = advice
        self.quote = quote


class Busy(OperationError):
    """An operation on the same release has not ended."""

    def __init__(self, holder: str, author: str, what: str) -> None:
        super().__init__(f"{author}'s {what} is not over yet")
        self.holder = holder
        self.author = author
        self.what = what


class Held(OperationError):
    """Somebody's lock, or the standstill of everything, keeps a change back."""

    def __init__(self, hold: Lock | Standstill, words: str, app: str, environment: str) -> None:
        super().__init__(words)
        self.hold = hold
        self.app = app
        self.environment = environment


class Suspended(OperationError):
    """Whoever hands it in may do nothing any more."""


class Spent(OperationError):
    """The press that asks for an operation has started one already."""


class LeaseLost(OperationError):
    """Another process has taken the lease; whatever this one still does must not be recorded."""
