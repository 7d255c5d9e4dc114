"""Every row of the table of causes, made to happen on a real control plane, in the words that people read."""

from __future__ import annotations

import pytest

from tests.real_failures.following import Place, made
from tests.real_failures.kubelet import KUBELET
from tests.real_failures.rows import Row, bare
from tests.real_failures.scheduling import SCHEDULING

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROWS = (*KUBELET, *SCHEDULING)


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.number}-{row.app}" for row in ROWS])
async def test_a_row_is_told_in_its_words(row: Row, place: Place) -> None:
    async with made(place.cluster, *row.around):
        try:
            seen = await row.followed(place)
        finally:
            await place.delete(*row.items)
    said = row.said(seen)
    assert bare(said.words) == row.words
    if row.ends == "failed":
        assert seen.verdict.health == "failed"
        assert row.words in seen.verdict.words
    else:
        assert seen.ended is None
