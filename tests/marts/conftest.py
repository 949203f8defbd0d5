"""Hand-made raw rows in a real PostgreSQL, dbt built over them in process, marts read back."""

import hashlib
import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from resources.dbt_runner import DbtOutcome, DbtRunner
from resources.settings import DatabaseSettings
from resources.warehouse.database import connect
from resources.warehouse.governance_load import set_as_of
from resources.warehouse.handover import hand_over_build
from resources.warehouse.server.migrate import grant_entry
from tests.marts.small_world import World, tell

PROJECT = Path(__file__).parents[2] / "dbt_project"
AS_OF = date(2026, 10, 31)
KNOWN_AT = datetime(2026, 11, 1, tzinfo=UTC)
ARRIVAL_COLUMNS = {
    "known_at",
    "landed_at",
    "received_at",
    "received_date",
    "fact_state",  # of which making of the table a digest is
}  # what may differ when files come otherwise
RAW_TABLES = (
    "x12_transaction", "x12_acknowledgement", "x12_status", "claim", "claim_line", "remittance",
    "remittance_claim", "remittance_line",
    "claim_adjustment", "provider_adjustment", "bank_statement", "bank_transaction", "ach_entry",
    "ehr_patient", "ehr_encounter", "ehr_coverage", "ehr_charge", "card_charge", "card_refund",
    "card_balance_transaction", "card_payout",
)  # fmt: skip


def digest(text: str) -> str:
    """Stand in for a content hash: the same words have the same one."""
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass
class Rows:
    """Raw rows of received files, kept until `write` puts them into the database."""

    rows: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    files: list[tuple[uuid.UUID, str, str, str]] = field(default_factory=list)
    segments: dict[uuid.UUID, int] = field(default_factory=dict)

    def file(self, name: str, source: str = "clearinghouse", kind: str = "x12") -> uuid.UUID:
        """Receive a file; its identity is that of its content, here its name."""
        sha = digest(name)
        file_id = uuid.UUID(bytes=bytes.fromhex(sha)[:16])
        self.files.append((file_id, sha, source, kind))
        self.segments[file_id] = 0
        return file_id

    def add(self, table: str, file_id: uuid.UUID, **values: Any) -> int:
        """Add a record at the file's next position; return the position."""
        self.segments[file_id] += 1
        values |= {"file_id": file_id, "segment": self.segments[file_id]}
        self.rows.append((table, values))
        return self.segments[file_id]

    def write(
        self, connection: psycopg.Connection[Any], known_at: datetime, *, is_reversed: bool = False
    ) -> None:
        """Write files and rows, in the order given or the other way round."""
        turn: Callable[[Sequence[Any]], Sequence[Any]] = (
            (lambda items: list(reversed(items))) if is_reversed else list
        )
        for file_id, sha, source, kind in turn(self.files):
            connection.execute(
                "insert into ops.received_file (file_id, sha256, source, name, kind, size_bytes,"
                " received_at, landed_at, outcome)"
                " values (%s, %s, %s, %s, %s, 1, %s, %s, 'landed')",
                (file_id, sha, source, sha[:8], kind, known_at, known_at),
            )
        for table, values in turn(self.rows):
            _insert(connection, table, values | {"known_at": known_at})


def _insert(connection: psycopg.Connection[Any], table: str, values: dict[str, Any]) -> None:
    connection.execute(
        sql.SQL("insert into raw.{} ({}) values ({})").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, values)),
            sql.SQL(", ").join(sql.Placeholder() * len(values)),
        ),
        list(values.values()),
    )


@dataclass
class Warehouse:
    """A migrated database with dbt: `build`, then look at what it says."""

    settings: DatabaseSettings
    runner: DbtRunner
    connection: psycopg.Connection[Any]
    told: Rows | None = None
    first_build: DbtOutcome | None = None

    def write(
        self, rows: Rows, *, is_reversed: bool = False, known_at: datetime = KNOWN_AT
    ) -> None:
        """Land rows."""
        with self.connection.transaction():
            rows.write(self.connection, known_at, is_reversed=is_reversed)

    def clear(self) -> None:
        """Forget everything that was received."""
        tables = ", ".join(f"raw.{table}" for table in RAW_TABLES)
        self.connection.execute(f"truncate {tables}")
        self.connection.execute("delete from ops.received_file")

    def cut_off(self, day: date) -> None:
        """Record a cut-off for every entity."""
        self.connection.execute(
            "insert into ledger.cutoff (entity_code, cutoff_date, known_at_watermark)"
            " select entity_code, %s, now() from ops.entity",
            [day],
        )

    def build(self, *arguments: str) -> DbtOutcome:
        """Build every model but those of the post job; data tests too unless excluded."""
        outcome = self.runner.run(["--exclude", "tag:post", *arguments])
        if self.rows("select to_regclass('marts.mart_paid_in') is not null") == [(True,)]:
            with connect(self.settings, "transform") as transform:
                hand_over_build(transform)
        return outcome

    def rebuild(self, *models: str) -> DbtOutcome:
        """Build the tables of models and of all that these are made of again, without data tests.

        Seeds and views stand since the first build: only what was received has changed.
        """
        chosen = [f"+{model}" for model in models]
        return self.build(
            "--select", *chosen, "--exclude", "resource_type:seed", "config.materialized:view",
            "--exclude-resource-type", "test",
        )  # fmt: skip

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return self.connection.execute(query, values).fetchall()

    def balances(self) -> dict[tuple[str, str], Decimal]:
        """Return the sub-ledger's balances, debit positive, without those of zero."""
        found = self.rows(
            "select entity_code, account, sum(signed_amount) from marts.fct_ledger_line"
            " group by entity_code, account having sum(signed_amount) <> 0"
        )
        return {(entity, account): amount for entity, account, amount in found}

    def outcomes(self, record_kind: str) -> dict[str | None, tuple[int, Decimal]]:
        """Return records and dollars of a kind by reason; None is posted."""
        found = self.rows(
            "select reason_code, count(*), sum(amount) from intermediate.int_record_outcome"
            " where record_kind = %s group by reason_code",
            record_kind,
        )
        return {reason: (count, amount) for reason, count, amount in found}

    def checksums(self, *, schema: str = "marts") -> dict[str, str]:
        """Return a checksum of every table of a schema, arrival aside."""
        tables = self.rows(
            "select table_name, array_agg(column_name::text order by column_name)"
            " from information_schema.columns where table_schema = %s group by table_name",
            schema,
        )
        return {table: self._checksum(schema, table, columns) for table, columns in tables}

    def _checksum(self, schema: str, table: str, columns: list[str]) -> str:
        kept = sql.SQL(", ").join(
            sql.Identifier(name) for name in columns if name not in ARRIVAL_COLUMNS
        )
        query = sql.SQL(
            "select coalesce(md5(string_agg(line, '|' order by line)), 'empty')"
            " from (select row({})::text as line from {}.{}) as lines"
        ).format(kept, sql.Identifier(schema), sql.Identifier(table))
        found = self.connection.execute(query).fetchone()
        assert found is not None
        return str(found[0])


@pytest.fixture(scope="session")
def make_warehouse(server: Any, template: str, dbt_state: Path) -> Iterator[Any]:
    """Make warehouses, empty or copies of another, each a database that the session's end drops."""
    made: list[tuple[str, psycopg.Connection[Any]]] = []

    def make(name: str, source: str = template) -> Warehouse:
        database = f"marts_{os.getpid()}_{name}"
        settings = server.settings(database)
        with psycopg.connect(server.admin_url(), autocommit=True) as admin:
            owner = settings.login("owner")
            admin.execute(f"create database {database} template {source} owner {owner}")
        grant_entry(server.admin_url(), settings)
        connection = psycopg.connect(server.admin_url(database), autocommit=True)
        set_as_of(connection, AS_OF)
        made.append((database, connection))
        return Warehouse(settings, DbtRunner(PROJECT, dbt_state, settings), connection)

    yield make
    with closing(psycopg.connect(server.admin_url(), autocommit=True)) as admin:
        for database, connection in made:
            connection.close()
            admin.execute(f"drop database {database} with (force)")


@pytest.fixture(scope="session")
def new_rows() -> type[Rows]:
    """What a test fills and writes."""
    return Rows


@pytest.fixture(scope="session")
def small_world_stage(server: Any, make_warehouse: Any) -> Warehouse:
    """The stories, loaded, cut off at the as-of date and built with every data test; to be copied.

    Nothing is connected to it, because PostgreSQL copies no database that is in use.
    """
    warehouse: Warehouse = make_warehouse("small_stage")
    warehouse.told = Rows()
    tell(World(warehouse.told))
    warehouse.write(warehouse.told)
    warehouse.cut_off(AS_OF)
    warehouse.first_build = warehouse.build()
    warehouse.connection.close()
    server.disconnect(warehouse.settings.name)
    return warehouse


@pytest.fixture(scope="session")
def copy_small_world(
    small_world_stage: Warehouse, make_warehouse: Any
) -> Callable[[str], Warehouse]:
    """Copy the built small world into a warehouse that a test may add to."""

    def copy(name: str) -> Warehouse:
        made: Warehouse = make_warehouse(name, small_world_stage.settings.name)
        made.told, made.first_build = small_world_stage.told, small_world_stage.first_build
        return made

    return copy


@pytest.fixture(scope="session")
def small_world(copy_small_world: Callable[[str], Warehouse]) -> Warehouse:
    """The built small world, for tests that only read it."""
    return copy_small_world("small")
