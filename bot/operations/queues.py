"""How many operations of a kind may run at once, and how many go before one that waits. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping

from bot.store.tables import OperationRow


class Queues:
    """The queues of one look for work: rows are offered in their order."""

    def __init__(self, most: Mapping[str, int], begun: Iterable[OperationRow]) -> None:
        """`most` is by kind, and others are not limited; `begun` are the operations that run already."""
        self._most = most
        self._before = Counter(row.kind for row in begun)
        self.behind: dict[str, int] = {}
        """By the id of each operation that must wait: how many of its kind go before it."""

    def admits(self, row: OperationRow) -> bool:
        """Whether the next operation of its kind may begin; where not, it waits behind those before it."""
        before = self._before[row.kind]
        self._before[row.kind] += 1
        if before < self._most.get(row.kind, before + 1):
            return True
        self.behind[row.id] = before
        return False
