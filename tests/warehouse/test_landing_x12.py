"""The golden X12 files on a real PostgreSQL: every table takes its rows, column for column."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from psycopg import sql

from billing.x12.reader import SCHEMAS, read_x12
from resources.archive import Archive
from resources.receipt import Receipt
from resources.warehouse.landing import land
from resources.warehouse.receiving import receive

pytestmark = pytest.mark.promise(
    "Every column that is read from X12 has its place and type in the warehouse"
)

NOW = datetime(2026, 10, 1, 6, tzinfo=UTC)
KEY = bytes(range(32))
FIXTURES = Path(__file__).parents[1] / "fixtures" / "x12"
FILES = sorted(path for path in FIXTURES.iterdir() if path.suffix != ".json")
# What a type of Arrow is in the warehouse.
_TYPES = {
    "string": "text",
    "int32": "integer",
    "date32[day]": "date",
    "decimal128(14, 2)": "numeric(14,2)",
    "decimal128(15, 3)": "numeric(15,3)",
    "decimal128(18, 6)": "numeric(18,6)",
}


def test_every_column_that_is_read_has_its_place_and_type_in_the_warehouse(database) -> None:
    with database.connect("ingest") as connection:
        found = connection.execute(
            "select c.relname, a.attname, format_type(a.atttypid, a.atttypmod)"
            " from pg_attribute a join pg_class c on c.oid = a.attrelid"
            " where c.relnamespace = 'raw'::regnamespace and a.attnum > 0"
        ).fetchall()
    there = {(table, column): kind for table, column, kind in found}
    for table, schema in SCHEMAS.items():
        for one in schema:
            assert there.get((table, one.name)) == _TYPES[str(one.type)], (table, one.name)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_golden_file_lands_with_every_row(path: Path, database, tmp_path: Path) -> None:
    content = path.read_bytes()
    parsed = read_x12(content)
    with database.connect("ingest") as connection:
        found = Receipt("clearinghouse", "/remittances", path.name, content, NOW)
        file = receive(connection, Archive(tmp_path / "archive"), found, NOW)
        landed = land(connection, file, parsed, file.received_at, KEY)
        connection.commit()
        assert landed.outcome in {"landed", "exception"}
        for table, rows in parsed.tables.items():
            (count,) = connection.execute(
                sql.SQL("select count(*) from raw.{} where file_id = %s").format(
                    sql.Identifier(table)
                ),
                (file.file_id,),
            ).fetchone()
            assert count == len(rows), table
