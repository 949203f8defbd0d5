"""T15: everything built anew from the archive in a database of its own, and the ledger compared.

What is taken over beside the archived bytes is evidence of its own kind: policy, the as-of date,
and what people decided (cut-offs, requests, orders to restate, releases of rules, estimates,
opening balances). The database is gone afterwards.
"""

import contextlib
import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from billing.governance.roles import read_roles
from orchestration.errors import ExpectedError
from orchestration.prove_watch import Watch
from orchestration.reading import Target, read_all
from orchestration.tables import printable
from resources.archive import Archive
from resources.dbt_runner import DbtRunner
from resources.settings import DatabaseSettings, Settings
from resources.warehouse import receiving
from resources.warehouse.database import ScrubbedConnection, connect
from resources.warehouse.governance_load import load_governance
from resources.warehouse.server.administrator import as_owner
from resources.warehouse.server.migrate import grant_entry, migrate
from resources.warehouse.tie_outs import TieOutResult

HASHED = """
select md5(coalesce(string_agg(line, '' order by line), ''))
from (select md5(t::text) as line from (%s) as t) as lines
"""
AS_OF = "select as_of_date from ops.installation"
FILES, REBUILD = "archived files read again", "ledger built anew"
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


Ledger = dict[str, tuple[Decimal, str]]  # per entity: gross dollars, and a hash of all lines


class RebuildError(ExpectedError):
    """The ledger cannot be built from the archive; the text names the file."""


def evidence_hash(database: DatabaseSettings) -> str:
    """A hash over everything that a rebuilt ledger comes from, beside programs and rules."""
    digest = hashlib.sha256()
    with as_owner(database.url("admin"), database.role_prefix) as owner:
        for query in (AS_OF, *(query for query, _ in TAKEN_OVER)):
            digest.update(repr(owner.execute(HASHED % query).fetchone()).encode())
    return digest.hexdigest()


def differences(theirs: Ledger, ours: Ledger) -> Iterator[TieOutResult]:
    """T15 per entity: gross dollars of both ledgers; a break where their lines differ at all."""
    for entity in sorted({*ours, *theirs}):
        left, right = theirs.get(entity, _NOTHING), ours.get(entity, _NOTHING)
        yield TieOutResult("T15", entity, left[0], right[0], int(left[1] != right[1]))


@contextmanager
def built_anew(settings: Settings, watch: Watch | None = None) -> Iterator[DatabaseSettings]:
    """The whole ledger built from the archive by this checkout's rules, in a passing database.

    Raises RebuildError where a file is missing in the archive or is not what was received.
    """
    with second_database(settings.database) as anew:
        with closing(connect(anew, "ingest")) as connection:
            files = receiving.pending(connection)
        watch = watch or Watch()
        watch.begin(FILES, len(files))
        advance = partial(watch.advance, FILES)
        archive = Archive(settings.archive_folder)
        for one in read_all(archive, files, target(settings, anew), advance):
            if one.problem or one.landing_problem:
                name = next(file.name for file in files if file.file_id == one.file_id)
                problem = one.landing_problem or f"{printable(name)}: {one.problem}"
                raise RebuildError(f"{problem}; see `tieout prove`")
        build(settings, anew, watch)
        yield anew


def target(settings: Settings, anew: DatabaseSettings) -> Target:
    """Where the rows of the files go."""
    return Target(anew.url("ingest"), settings.hash_key, datetime.now(UTC))


def build(settings: Settings, anew: DatabaseSettings, watch: Watch) -> None:
    """Work the ledger out once the files have landed. Raises DbtRunError, RebuildError."""
    watch.begin(REBUILD)
    with ScrubbedConnection.connect(anew.url("admin"), autocommit=True) as admin:
        admin.execute("analyze")  # fresh tables have no statistics to plan by
    outcome = DbtRunner(ROOT / "dbt_project", settings.home / "dbt", anew).run(
        ["--select", "+fct_ledger_line", "--exclude-resource-type", "test"]
    )
    if outcome.broken:
        raise RebuildError(f"not built: {', '.join(node.name for node in outcome.broken)}")
    watch.end(REBUILD)


_NOTHING = (Decimal(0), "")


@contextmanager
def second_database(settings: DatabaseSettings) -> Iterator[DatabaseSettings]:
    """A migrated database beside this one, with today's policy; deleted at the end."""
    anew = replace(settings, name=f"{settings.name}_rebuild")
    admin_url = settings.url("admin", "postgres")
    _drop(admin_url, anew.name)
    try:
        migrate(admin_url, anew, read_roles((ROOT / "governance" / "roles.yaml").read_text()))
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
    with as_owner(settings.url("admin"), settings.role_prefix) as source:
        (as_of,) = source.execute(AS_OF).fetchone() or (None,)
        admin.execute("update ops.installation set as_of_date = %s", [as_of])
        admin.execute("set session_replication_role = replica")  # who asked and decided stays
        for query, table in TAKEN_OVER:
            with (
                source.cursor().copy(f"copy ({query}) to stdout".encode()) as rows,
                admin.cursor().copy(f"copy {table} from stdin".encode()) as copy,
            ):
                for row in rows:
                    copy.write(row)


def ledger_of(database: DatabaseSettings) -> Ledger:
    """What a database demands per entity."""
    with contextlib.closing(connect(database, "transform")) as connection:
        found = connection.execute(LINES).fetchall()
    return {entity: (gross, f"{lines} {digest}") for entity, lines, gross, digest in found}
