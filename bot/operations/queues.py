"""How many operations of a queue may run at once, and how many go before one that waits. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping

from bot.operations.operation import Operation
from bot.store.tables import OperationRow


class Queues:
    """The queues of one look for work: rows are offered in their order."""

    def __init__(self, most: Mapping[str, int], begun: Iterable[OperationRow]) -> None:
        """`most` is by queue; `begun` are the operations that run already. Kinds without a queue are not limited."""
        self._most = most
        self._before = Counter(_queue(row) for row in begun)
        self.behind: dict[str, int] = {}
        """By the id of each operation that must wait: how many of its queue go before it."""

    def admits(self, row: OperationRow) -> bool:
        """Whether the next operation of its queue may begin; where not, it waits behind those before it."""
        queue = _queue(row)
        before = self._before[queue]
        self._before[queue] += 1
        if before < self._most.get(queue, before + 1):
            return True
        self.behind[row.id] = before
        return False


def _queue(row: OperationRow) -> str:
    return Operation.kinds[row.kind].queue
