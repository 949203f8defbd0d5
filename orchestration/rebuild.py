"""T15: everything built anew from the archive in a database of its own, and the ledger compared.

What is taken over beside the archived bytes is evidence of its own kind: policy, the as-of date,
and what people decided (cut-offs, requests, orders to restate, releases of rules, estimates,
opening balances). The database is gone afterwards.
"""

import contextlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from billing.parse import parse_parts
from resources.archive import Archive, ArchiveDamagedError
from resources.dbt_runner import DbtRunner
from resources.settings import DatabaseSettings, Settings
from resources.warehouse import landing, receiving
from resources.warehouse.database import ScrubbedConnection, connect
from resources.warehouse.governance_load import load_governance
from resources.warehouse.migrate import grant_entry, migrate
from resources.warehouse.tie_outs import TieOutResult

ROOT = Path(__file__).parents[1]
RECEIPT = "file_id, sha256, source, name, kind, size_bytes, received_at"
# What is evidence and does not stand in the archive, copied as it is: query and target.
TAKEN_OVER = (
    (f"select {RECEIPT} from ops.received_file where landed_at is not null",  # noqa: S608
     f"ops.received_file ({RECEIPT})"),
    ("select * from ledger.cutoff", "ledger.cutoff"),
    ("select * from ledger.request", "ledger.request"),
    ("select * from ledger.request_act", "ledger.request_act"),
    ("select * from ledger.restatement_order", "ledger.restatement_order"),
    ("select * from ledger.restatement_act", "ledger.restatement_act"),
    ("select * from ledger.restatement_event", "ledger.restatement_event"),
    ("select * from ledger.rule_release", "ledger.rule_release"),
    ("select * from ledger.rule_release_act", "ledger.rule_release_act"),
    ("select * from ledger.model_run", "ledger.model_run"),
    ("select * from ledger.model_run_line", "ledger.model_run_line"),
    ("select * from ledger.model_run_use", "ledger.model_run_use"),
    ("select * from ledger.model_run_act", "ledger.model_run_act"),
    ("select * from ledger.opening_list", "ledger.opening_list"),
    ("select * from ledger.opening_line", "ledger.opening_line"),
    ("select * from ledger.opening_balance", "ledger.opening_balance"),
    ("select * from ledger.opening_act", "ledger.opening_act"),
)  # fmt: skip
# The ledger without when things were known: event, rule, account, dimensions, amount, evidence.
LINES = """
select entity_code, count(*) as lines, coalesce(sum(abs(signed_amount)), 0) as gross_amount,
       encode(sha256(convert_to(coalesce(string_agg(
           concat_ws('|', line_id, event_id, event, rule, rule_version, account, signed_amount,
               facility_code, payer_class, claim_key, account_key, control_key, approval_class,
               original_date, reaches_erp, evidence_hash, file_id, segment),
           E'\n' order by line_id collate "C"), ''), 'UTF8')), 'hex') as hash
from marts.fct_ledger_line group by entity_code order by entity_code
"""


def rebuilt(settings: Settings) -> Iterator[TieOutResult]:
    """T15 per entity: gross dollars of both ledgers; a break where their lines differ at all."""
    theirs = _lines(settings.database)
    with built_anew(settings) as anew:
        ours = _lines(anew)
    for entity in sorted({*ours, *theirs}):
        left, right = theirs.get(entity, _NOTHING), ours.get(entity, _NOTHING)
        yield TieOutResult("T15", entity, left[0], right[0], int(left[1] != right[1]))


@contextmanager
def built_anew(settings: Settings) -> Iterator[DatabaseSettings]:
    """The whole ledger built from the archive by this checkout's rules, in a passing database."""
    with _database(settings.database) as anew:
        _land(settings, anew)
        DbtRunner(ROOT / "dbt_project", settings.home / "dbt", anew).run(
            ["--select", "+fct_ledger_line", "--exclude-resource-type", "test"]
        )
        yield anew


_NOTHING = (Decimal(0), "")


@contextmanager
def _database(settings: DatabaseSettings) -> Iterator[DatabaseSettings]:
    """A migrated database beside this one, with today's policy; deleted at the end."""
    anew = replace(settings, name=f"{settings.name}_rebuild")
    admin_url = settings.url("admin", "postgres")
    _drop(admin_url, anew.name)
    try:
        migrate(admin_url, anew)
        grant_entry(admin_url, anew)
        with ScrubbedConnection.connect(settings.url("admin", anew.name)) as admin:
            load_governance(admin, ROOT / "governance")
            _take_over(settings, admin)
        yield anew
    finally:
        _drop(admin_url, anew.name)


def _drop(admin_url: str, name: str) -> None:
    with closing(ScrubbedConnection.connect(admin_url, autocommit=True)) as admin:
        drop = sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
        admin.execute(drop)


def _take_over(settings: DatabaseSettings, admin: psycopg.Connection[Any]) -> None:
    """Copy receipts and decisions from the database that is proved."""
    with closing(ScrubbedConnection.connect(settings.url("admin"))) as source:
        (as_of,) = source.execute("select as_of_date from ops.installation").fetchone() or (None,)
        admin.execute("update ops.installation set as_of_date = %s", [as_of])
        admin.execute("set session_replication_role = replica")  # who asked and decided stays
        for query, table in TAKEN_OVER:
            with (
                source.cursor().copy(f"copy ({query}) to stdout".encode()) as rows,
                admin.cursor().copy(f"copy {table} from stdin".encode()) as copy,
            ):
                for row in rows:
                    copy.write(row)


def _land(settings: Settings, anew: DatabaseSettings) -> None:
    """Read every archived file into the new raw tables.

    One whose bytes are damaged is missing then, and the two ledgers differ by it: T1 names it.
    """
    archive, now = Archive(settings.archive_folder), datetime.now(UTC)
    with closing(connect(anew, "ingest")) as connection:
        for file in receiving.pending(connection):
            with (
                contextlib.suppress(ArchiveDamagedError),
                archive.open(file.sha256) as content,
            ):
                parts = parse_parts(content, file.name)
                landing.land(connection, file, parts, now, settings.hash_key)


def _lines(database: DatabaseSettings) -> dict[str, tuple[Decimal, str]]:
    with contextlib.closing(connect(database, "transform")) as connection:
        found = connection.execute(LINES).fetchall()
    return {entity: (gross, f"{lines} {digest}") for entity, lines, gross, digest in found}
