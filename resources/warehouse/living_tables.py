"""The tables of the living ledger as rows of text, of one state and from nothing but tables.

A session sees no view, no policy of rows and no function of ours: a relation that is no plain table
any more is an error. What the rows must agree with is in billing/evidence/living.py.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus
from psycopg.types.string import TextLoader

from billing.evidence.form import text_of
from billing.evidence.verify_pack import Row
from resources.warehouse.evidence import TABLES, query

_BATCH = 5_000
_STATE = "set transaction isolation level repeatable read, read only"
_SESSION = """
select set_config('search_path', 'pg_catalog', true), set_config('row_security', 'off', true),
    set_config('datestyle', 'iso', true), set_config('timezone', 'UTC', true)
"""
_TABLES_ONLY = """
select set_config(name, 'view, foreign-table', true)
from pg_catalog.pg_settings where name = 'restrict_nonsystem_relation_kind'
"""
_ENTITIES = """
select coalesce(array_agg(entity_code), '{}') from (
    select entity_code from ledger.entry union select entity_code from ledger.request) as known
"""
_HEAD = "select seq, hash from ledger.audit_head"
# Where the query of a pack asks a view, the tables behind it.
_OWN = {
    "audit/head.csv": _HEAD,
    "ledger/provenance.csv": """
        select entry_id, build_id, rule_set_hash, code_hash from ledger.entry_provenance""",
    "ledger/request_acts.csv": """
        select act_id, request_id, act, actor, content_hash, policy_id, limit_id,
            account_amount as account_measure, day_amount as day_measure
        from ledger.request_act order by act_id""",
}
_STORED = "select to_jsonb(kept)::text as content from ledger.{} as kept"
_AS_TEXT = ("int2", "int4", "int8", "numeric", "date", "uuid")  # PostgreSQL's text is ours


class LivingTables:
    """The tables by their names in a pack; `stored/x` is ledger.x, a row as JSON."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        """Within `living_tables` only."""
        self._connection = connection
        found = connection.execute(_ENTITIES).fetchone()
        entities = found[0] if found else []
        self._all = {"first": date.min, "last": date.max, "entities": entities}
        self._cursors = 0

    def table(self, name: str) -> Iterator[Row]:
        """The rows, fetched while they are read. Raises psycopg.Error."""
        self._cursors += 1
        with self._connection.cursor(name=f"living_{self._cursors}") as cursor:
            for kind in _AS_TEXT:
                cursor.adapters.register_loader(kind, TextLoader)
            cursor.itersize = _BATCH
            is_of_pack = name in TABLES and name not in _OWN
            cursor.execute(self._query(name), self._all if is_of_pack else None)
            columns = [column.name for column in cursor.description or ()]
            for row in cursor:
                yield dict(zip(columns, map(text_of, row), strict=True))

    def _query(self, name: str) -> sql.Composed | bytes:
        if name in _OWN:
            return _OWN[name].encode()
        if name.startswith("stored/"):
            return sql.SQL(_STORED).format(sql.Identifier(name.removeprefix("stored/")))
        return query(name).encode()


@contextmanager
def living_tables(connection: psycopg.Connection[Any]) -> Iterator[LivingTables]:
    """The tables in one state; nothing is kept afterwards. Within a transaction, in its state."""
    is_free = connection.info.transaction_status == TransactionStatus.IDLE
    with connection.transaction(force_rollback=True):
        if is_free:
            connection.execute(_STATE)
        connection.execute(_SESSION)
        connection.execute(_TABLES_ONLY)
        yield LivingTables(connection)
