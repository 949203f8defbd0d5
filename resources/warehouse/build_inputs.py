"""What a build was made from, and whether the newest good build is still current.

A build is current while everything it read is as it was and every table it made is as it left it.
The state of inputs and tables is read here; the decision is a pure function of both.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg import sql

from resources.code_identity import Identity

REBUILD_TAG = "tieout/rebuild"  # on a run: it builds although the newest build is current
State = Mapping[str, str]

# What the models of a build read beside raw tables; raw tables change by files and replays alone.
SOURCES = (
    "ledger.cutoff",
    "ledger.model_run_line",
    "ledger.model_run_state",
    "ledger.model_run_use",
    "ledger.opening_kind",
    "ledger.opening_line",
    "ledger.opening_state",
    "ledger.request_line",
    "ledger.request_state",
    "ops.bank_account",
    "ops.entity",
    "ops.facility",
    "ops.installation",
    "ops.provider",
    "ops.received_file",
)
REPLAYS = "ops.replay"
# Of when and on whose request a row was written, which no model reads.
BOOKKEEPING = ["updated_at", "asked_as_of_date"]
SCHEMAS = ["seeds", "staging", "intermediate", "marts"]
NEWEST = """
select b.build_id, b.started_at, b.status = 'succeeded' and c.passes and c.voided_at is null,
       i.inputs, i.relations
from ops.build as b join ops.certificate as c using (build_id)
left join ops.build_input as i using (build_id)
order by b.started_at desc, b.build_id desc limit 1
"""
CATALOG = """
select n.nspname || '.' || c.relname, c.relkind = 'v', c.oid || ':' || case
           when c.relkind = 'v' then md5(pg_get_viewdef(c.oid)) else c.relfilenode::text end
from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
where n.nspname = any(%s) and c.relname = any(%s) and c.relkind in ('r', 'v')
"""


@dataclass(frozen=True)
class Kept:
    """The newest build with a certificate, and what was kept of its inputs and its tables."""

    build_id: str
    started_at: datetime
    is_good: bool
    inputs: State | None
    relations: State | None


@dataclass(frozen=True)
class Verdict:
    """The build that is current, if one is, and the reason in words."""

    build_id: str | None
    reason: str


def decide(kept: Kept | None, inputs: State, relations: State) -> Verdict:
    """Find a build current where it was good, read the same inputs and its tables are untouched."""
    if kept is None:
        return Verdict(None, "there is no build with a certificate yet")
    name = f"build of {kept.started_at.astimezone(UTC):%H:%M}Z"
    if not kept.is_good:
        return Verdict(None, f"{name} was not good")
    if kept.inputs is None or kept.relations is None:
        return Verdict(None, f"{name} did not keep what it was made from")
    changed = [*_different(kept.inputs, inputs), *_different(kept.relations, relations)]
    if changed:
        return Verdict(None, f"changed since {name}: {', '.join(changed)}")
    return Verdict(kept.build_id, f"{name} is current: nothing new")


def _different(before: State, now: State) -> list[str]:
    return sorted(key for key in before.keys() | now.keys() if before.get(key) != now.get(key))


def newest(connection: psycopg.Connection[Any]) -> Kept | None:
    """Return the newest build that has a certificate; None where there is none."""
    found = connection.execute(NEWEST).fetchone()
    return None if found is None else Kept(*found)


def read_inputs(
    connection: psycopg.Connection[Any], running: Identity, models: str
) -> dict[str, str]:
    """Read what a build that began now would be made from; `models` names the dbt project."""
    found = connection.execute("select as_of_date::text from ops.installation").fetchone()
    tables = [(name, _content(name)) for name in (*SOURCES, REPLAYS)]
    return {
        "as-of date": found[0] if found else "",
        "rules and policy": running.rule_set_hash,
        "code": running.code_hash,
        "models": models,
        **_asked(connection, tables),
    }


def read_relations(connection: psycopg.Connection[Any], names: Iterable[str]) -> dict[str, str]:
    """Read the state of what a build made: which table or view it is, and which rows it has.

    A row that is added, changed or removed by hand changes the count or the sum of the numbers of
    the transactions that wrote the rows; the rows of a table that a build made have one.
    """
    catalog = connection.execute(CATALOG, (SCHEMAS, list(names))).fetchall()
    tables = [(name, _rows(name)) for name, is_view, _ in catalog if not is_view]
    rows = _asked(connection, tables)
    return {name: f"{made}:{rows.get(name, '')}" for name, _, made in catalog}


def keep(
    connection: psycopg.Connection[Any], build_id: str, inputs: State, relations: State
) -> None:
    """Keep with a build what it was made from and the state in which it left its tables."""
    connection.execute(
        "insert into ops.build_input (build_id, inputs, relations) values (%s, %s, %s)"
        " on conflict (build_id) do nothing",
        (build_id, json.dumps(dict(inputs)), json.dumps(dict(relations))),
    )
    connection.commit()


def finish_unchanged(
    connection: psycopg.Connection[Any], build_id: str, current_build_id: str
) -> None:
    """Record that a run ended without building, because an earlier build is current."""
    connection.execute(
        "update ops.build set status = 'unchanged', current_build_id = %s,"
        " finished_at = clock_timestamp() where build_id = %s",
        (current_build_id, build_id),
    )
    connection.commit()


def found_current(connection: psycopg.Connection[Any], run_id: str) -> str | None:
    """Return in words which build a run found current; None where it built or failed."""
    found = connection.execute(
        "select 'build of ' || to_char(made.started_at at time zone 'UTC', 'HH24:MI')"
        " || 'Z is current: nothing new' from ops.build as run"
        " join ops.build as made on made.build_id = run.current_build_id"
        " where run.build_id = %s",
        (run_id,),
    ).fetchone()
    return None if found is None else str(found[0])


def _asked(
    connection: psycopg.Connection[Any], named: list[tuple[str, sql.Composed]]
) -> dict[str, str]:
    """Ask one value of several tables in one query."""
    if not named:
        return {}
    parts = [sql.SQL("select {}, ({})").format(sql.Literal(name), query) for name, query in named]
    return dict(connection.execute(sql.SQL(" union all ").join(parts)).fetchall())


def _content(name: str) -> sql.Composed:
    """Sum up the rows of a small table, whatever their order."""
    return sql.SQL(
        "select count(*) || ':' || coalesce(sum(hashtextextended("
        "(to_jsonb(t) - {}::text[])::text, 0)), 0) from {} as t"
    ).format(sql.Literal(BOOKKEEPING), sql.Identifier(*name.split(".")))


def _rows(name: str) -> sql.Composed:
    return sql.SQL("select count(*) || ':' || coalesce(sum(xmin::text::bigint), 0) from {}").format(
        sql.Identifier(*name.split("."))
    )
