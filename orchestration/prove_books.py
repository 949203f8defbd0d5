"""T10: the ledger verified from its rows, entity by entity and check by check, and its anchors.

Worked out in Python from what the tables hold: no function or view of the database is used. What
the checks are is in billing/evidence/living.py.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from decimal import Decimal
from typing import Any

import psycopg

from billing.evidence.living import recorded_sides
from billing.evidence.verify_pack import Check
from resources import anchor_file
from resources.settings import Settings
from resources.warehouse import verification
from resources.warehouse.database import connect
from resources.warehouse.living_tables import living_tables
from resources.warehouse.tie_outs import TieOutResult

NUMBER = "T10"
IN_FILE = "anchors of the file"
IN_ERP = "anchors in documents of the ERP"
GIVEN = "anchors that were given"
NOTHING = Decimal(0)


def books(settings: Settings) -> Iterator[TieOutResult]:
    """Every check of the ledger, and whether the database's own functions see the same."""
    with _auditor(settings) as connection:
        found = verification.verify(connection)
        yield from results([*found, verification.compare_functions(connection, found)])


def totals(settings: Settings) -> Iterator[TieOutResult]:
    """Debits and credits of each entity."""
    with _auditor(settings) as connection, living_tables(connection) as tables:
        for entity, (debit, credit) in sorted(recorded_sides(tables).items()):
            yield TieOutResult(NUMBER, entity, debit, credit, 0)


def of_file(settings: Settings) -> Iterator[TieOutResult]:
    """The chain against the anchors beside the archive; lines of the file that are none."""
    kept, others = anchor_file.kept(settings.anchor_file)
    if others:
        named = [f"line {number} is no anchor" for number in others]
        yield from results([Check(f"lines of {settings.anchor_file.name}", problems=named)])
    yield from anchored(settings, IN_FILE, dict.fromkeys(kept, settings.anchor_file.name))


def anchored(settings: Settings, name: str, anchors: Mapping[str, str]) -> Iterator[TieOutResult]:
    """The chain against anchors; `anchors` says where each was read, `name` which they are."""
    if anchors:
        with _auditor(settings) as connection:
            yield from results([verification.verify_anchors(connection, name, anchors)])


def _auditor(settings: Settings) -> closing[psycopg.Connection[Any]]:
    return closing(connect(settings.database, "auditor", autocommit=True))


def results(found: Iterable[Check]) -> Iterator[TieOutResult]:
    """Checks as results of T10: each problem is a break, and named."""
    for one in found:
        named = tuple(one.problems)
        yield TieOutResult(NUMBER, one.name, NOTHING, NOTHING, len(named), named)
