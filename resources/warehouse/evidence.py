"""What an evidence pack holds, asked of the database as the auditor: one query per table of it.

Each query is a file under `evidence_sql/`; its opening comment is the grain that the pack states.
Nothing is written here, neither files nor rows.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import psycopg

from resources.warehouse.ledger import AuditHead, audit_head

_FOLDER = Path(__file__).parent / "evidence_sql"
_BATCH = 5_000
TABLES = (
    "inputs/files.csv",
    "inputs/sightings.csv",
    "rules/accounts.csv",
    "rules/policies.csv",
    "rules/policy_classes.csv",
    "rules/policy_limits.csv",
    "rules/policy_roles.csv",
    "rules/policy_delegations.csv",
    "rules/releases.csv",
    "rules/deployments.csv",
    "rules/policy_request_limits.csv",
    "builds/builds.csv",
    "builds/certificates.csv",
    "builds/certificate_rows.csv",
    "ledger/index.csv",
    "ledger/entries.csv",
    "ledger/lines.csv",
    "ledger/events.csv",
    "ledger/signatures.csv",
    "ledger/provenance.csv",
    "ledger/refusals.csv",
    "ledger/limit_findings.csv",
    "ledger/requests.csv",
    "ledger/request_acts.csv",
    "ledger/request_lines.csv",
    "ledger/periods.csv",
    "ledger/period_acts.csv",
    "ledger/close_waivers.csv",
    "ledger/cutoffs.csv",
    "ledger/restatement_orders.csv",
    "ledger/estimates.csv",
    "ledger/estimate_lines.csv",
    "ledger/openings.csv",
    "ledger/opening_lines.csv",
    "erp/documents.csv",
    "erp/document_lines.csv",
    "erp/second_documents.csv",
    "erp/balances.csv",
    "erp/carried.csv",
    "erp/foreign_lines.csv",
    "sums/movements.csv",
    "sums/subledger.csv",
    "exceptions/exceptions.csv",
    "exceptions/totals.csv",
    "audit/chain.csv",
)
SAMPLE = "sample/population.csv"
_FACTS = """
select session_user::text, (select as_of_date from ops.installation), (
    select build.build_id from ops.build as build inner join ops.certificate using (build_id)
    order by build.started_at desc, build.build_id desc limit 1)
"""


@dataclass(frozen=True)
class Scope:
    """Whole months, both days included, and the legal entities that a pack is about."""

    first: date
    last: date
    entities: tuple[str, ...]


@dataclass(frozen=True)
class Facts:
    """Who asks, the as-of date, the newest certified build, and the head of the audit chain."""

    made_by: str
    as_of_date: date
    build_id: str | None
    head: AuditHead


@dataclass(frozen=True)
class Found:
    """The columns of a query and its rows, which are fetched while they are read."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]


@contextmanager
def snapshot(connection: psycopg.Connection[Any]) -> Iterator[Facts]:
    """One state of the database for all that is read within; nothing is kept afterwards.

    The connection must be in no transaction yet, and not on autocommit.
    """
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    with connection.transaction(force_rollback=True):
        row = connection.execute(_FACTS).fetchone()
        if row is None:
            raise LookupError("the installation has no as-of date")
        made_by, as_of_date, build_id = row
        yield Facts(made_by, as_of_date, build_id, audit_head(connection))


@contextmanager
def read(connection: psycopg.Connection[Any], path: str, scope: Scope) -> Iterator[Found]:
    """The rows of one table of the pack; amounts in US dollars, times with their zone."""
    values = {"first": scope.first, "last": scope.last, "entities": list(scope.entities)}
    with connection.cursor(name="evidence") as cursor:
        cursor.itersize = _BATCH
        cursor.execute(query(path).encode(), values)
        columns = tuple(column.name for column in cursor.description or ())
        yield Found(columns, iter(cursor))


def grain(path: str) -> str:
    """What one row of a table of the pack is: the opening comment of its query."""
    lines = []
    for line in query(path).splitlines():
        if not line.startswith("--"):
            break
        lines.append(line.removeprefix("--").strip())
    return " ".join(lines)


def query(path: str) -> str:
    """The query of a table of the pack; its parameters are those of a Scope."""
    name = path.removesuffix(".csv").replace("/", "_")
    return (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")
