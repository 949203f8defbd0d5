"""The tables of `raw` that hold X12, from the columns that the reader fills.

The other tables of `raw` stand in `schema/tables/`. A column that the reader fills newly is added;
what changes in another way is a table change of its own there.
"""

from collections.abc import Iterator

import pyarrow as pa

from billing.arrow import DATE, MONEY, NUMBER, RATE, TEXT, UNITS
from resources.warehouse.raw_rows import ACCOUNT_COLUMNS
from resources.warehouse.server.schema_files import SchemaFile

TYPES = {
    DATE: "date",
    MONEY: "numeric(14,2)",
    NUMBER: "integer",
    RATE: "numeric(18,6)",
    TEXT: "text",
    UNITS: "numeric(15,3)",
    pa.bool_(): "boolean",
}
# What tells the rows of one file apart; a segment that is kept whole repeats under one number.
KEYS = {
    "x12_transaction": ("transaction_no",),
    "claim": ("claim_no",),
    "claim_line": ("claim_no", "line_no"),
    "remittance": ("transaction_no",),
    "remittance_claim": ("claim_no",),
    "remittance_line": ("claim_no", "line_no"),
    "claim_adjustment": ("claim_no", "adjustment_no"),
    "provider_adjustment": ("transaction_no", "adjustment_no"),
    "x12_segment": ("segment",),
}
OTHER_KEY = ("segment", "repetition")
REQUIRED = {"segment", "transaction_no", "segment_id"}
REQUIRED_OF = {
    "x12_transaction": {"set_id", "segment_count", "content_hash"},
    "claim": {"claim_kind", "content_hash"},
    "remittance": {"claim_count", "content_hash"},
}
NAME = "raw x12 tables"


def x12_tables() -> SchemaFile:
    """Return the statements that make the X12 tables, or add the columns that they lack."""
    from billing.x12.reader import SCHEMAS  # noqa: PLC0415 (needed only to migrate)

    statements = [line for name, columns in SCHEMAS.items() for line in _table(name, columns)]
    return SchemaFile("raw tables", NAME, "\n".join(statements) + "\n")


def _table(name: str, columns: pa.Schema) -> Iterator[str]:
    key = KEYS.get(name, OTHER_KEY)
    parts = ["file_id uuid", "known_at timestamptz not null"]
    parts += [_column(name, field, key) for field in columns]
    if name in ACCOUNT_COLUMNS:
        parts.append("account_hash text")
    yield f"create table if not exists raw.{name} ("
    yield ",\n".join(f"    {part}" for part in [*parts, f"primary key (file_id, {', '.join(key)})"])
    yield ");"
    yield f"alter table raw.{name}"
    yield ",\n".join(f"    add column if not exists {part}" for part in parts) + ";"
    if name == "x12_status":
        yield f"create index if not exists {name}_account_hash_idx on raw.{name} (account_hash);"


def _column(table: str, field: pa.Field, key: tuple[str, ...]) -> str:
    required = {*REQUIRED, *REQUIRED_OF.get(table, ()), *key}
    suffix = " not null" if field.name in required else ""
    return f"{field.name} {TYPES[field.type]}{suffix}"
