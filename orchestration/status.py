"""`tieout status`: what runs where, how to connect, freshness, queues, what is held and why."""

from typing import Any

import psycopg

from orchestration.tables import table
from resources.settings import Settings

FRESHNESS = """
select source, count(*)::int as files, max(received_at) as newest,
       count(*) filter (where outcome = 'exception')::int as unreadable,
       count(*) filter (where landed_at is null and outcome = 'archived')::int as not_landed
from ops.received_file group by source order by source
"""
QUEUE = """
select entity_code, state, count(*)::int as entries, sum(gross_amount) as gross
from ledger.entry where state <> 'void' group by entity_code, state order by entity_code, state
"""
HELD = """
select e.entity_code, e.state, h.code, count(distinct e.entry_id)::int as entries,
       sum(e.gross_amount) as gross, coalesce(o.owner, 'nobody') as owner, min(h.detail) as detail
from ledger.entry e join (
    select entry_id, code, min(detail) as detail from ledger.hold group by entry_id, code
) h using (entry_id)
left join ledger.hold_owner o on o.code = h.code
where e.state in ('proposed', 'approved') group by e.entity_code, e.state, h.code, o.owner
order by e.entity_code, e.state, h.code
"""
RESTATEMENTS = """
select rule, entity_code, min(period) as first_period, max(period) as last_period,
       count(*)::int as sums, (sum(abs(amount)) / 2)::numeric(14, 2) as amount
from ledger.restatement_hold group by rule, entity_code order by rule, entity_code
"""
MIRROR = """
select m.entity_code, m.erp, m.due_at, m.mirrored_at,
       (select count(*)::int from ledger.erp_account a where a.entity_code = m.entity_code
        and a.is_active) as active_accounts
from ledger.erp_mirror m order by m.entity_code
"""
FOREIGN = """
select entity_code, code, state, count(*)::int as lines, sum(amount) as amount,
       count(distinct document_ref)::int as documents
from ledger.foreign_state where state <> 'gone' group by entity_code, code, state
order by entity_code, code, state
"""
EXCEPTIONS = """
select code, severity, count(*)::int as records, sum(amount) as amount
from ops.exception where closed_at is null group by code, severity order by severity, code
"""
LOOKS = """
select source, outcome, code, files_waiting, looked_at, failing_since, last_ok_at
from ops.source_status order by source
"""
ALERTS = """
select alert_id, severity, kind, subject, message, opened_at, advice
from ops.alert where closed_at is null order by severity, alert_id
"""
BUILD = """
select b.build_id, b.as_of_date, b.status, b.started_at, b.finished_at, c.passes,
       c.check_count::int, c.failed_count::int, c.missing_count::int
from ops.build b
left join ops.certificate c on c.build_id = coalesce(b.current_build_id, b.build_id)
order by b.started_at desc limit 1
"""


def gather(connection: psycopg.Connection[Any]) -> dict[str, Any]:
    """Everything that the database knows, as the auditor sees it."""
    build = rows(connection, BUILD)
    return {
        "build": build[0] if build else None,
        "alerts": rows(connection, ALERTS),
        "sources": rows(connection, FRESHNESS),
        "looks": rows(connection, LOOKS),
        "queue": rows(connection, QUEUE),
        "held": rows(connection, HELD),
        "restatements": rows(connection, RESTATEMENTS),
        "master_data": rows(connection, MIRROR),
        "foreign": rows(connection, FOREIGN),
        "exceptions": rows(connection, EXCEPTIONS),
    }


def connections(settings: Settings) -> dict[str, Any]:
    """How a BI tool connects; the password stays in the secrets file."""
    database = settings.database
    return {
        "host": database.host,
        "port": database.port,
        "database": database.name,
        "schema": "marts",
        "user": database.login("bi_reader"),
        "password_variable": "TIEOUT_PASSWORD_BI_READER",
        "password_file": str(settings.home / "secrets.env"),
    }


def rows(connection: psycopg.Connection[Any], query: str, *values: object) -> list[dict[str, Any]]:
    """Rows of a query as dictionaries."""
    found = connection.execute(query.encode(), values or None)
    names = [column.name for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found]


def render(status: dict[str, Any]) -> list[str]:
    """The same content as text."""
    bi = status["connect"]
    return [
        f"world      {status['world']}",
        f"state      {status['state_folder']}",
        *(f"{one['name']:<10} {_where(one)}" for one in status["servers"]),
        f"BI         postgresql://{bi['user']}@{bi['host']}:{bi['port']}/{bi['database']}, schema "
        f"{bi['schema']}; password: {bi['password_variable']} in {bi['password_file']}",
        *_build_lines(status["build"]),
        *_block("Alerts", status["alerts"]),
        *_block("Sources", status["sources"]),
        *_block("Newest look at each source", status["looks"]),
        "  is each of them configured and within reach? `tieout check-config`",
        *_block("Entries", status["queue"]),
        *_block("Held", status["held"]),
        *_block("Changed rules that wait for an order to restate", status["restatements"]),
        *_block("Master data of the ERP", status["master_data"]),
        *_block("Entered in the ERP by others on our accounts", status["foreign"]),
        *_block("Open exceptions", status["exceptions"]),
    ]


def _where(server: dict[str, Any]) -> str:
    return f"{server['state']}  {server['address']}".rstrip()


def _build_lines(build: dict[str, Any] | None) -> list[str]:
    if build is None:
        return ["build      none yet"]
    word = {True: "passes", False: "does not pass", None: "not issued"}[build["passes"]]
    return [
        f"build      {build['build_id']} as of {build['as_of_date']}: {build['status']}, started "
        f"{build['started_at']:%Y-%m-%d %H:%M:%SZ}",
        f"close      certificate {word}: {build['check_count'] or 0} checks, "
        f"{build['failed_count'] or 0} failed, {build['missing_count'] or 0} missing",
    ]


def _block(title: str, found: list[dict[str, Any]]) -> list[str]:
    if not found:
        return ["", f"{title}: none"]
    columns = [name.replace("_", " ") for name in found[0]]
    return ["", title, *table(columns, [tuple(row.values()) for row in found])]
