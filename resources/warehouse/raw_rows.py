"""Rows of parsed files into the tables of `raw`, by COPY.

Lineage (`file_id`, `known_at`) and the keyed hash of account numbers are added here and only here.
"""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
from psycopg import sql

from billing.keys import account_hash

# The column whose keyed hash becomes `account_hash`. A claim number is the patient account number
# that the provider sent in CLM01 and the payer returns in CLP01 and in the status of a claim.
ACCOUNT_COLUMNS = {
    "claim": "claim_number",
    "remittance_claim": "claim_number",
    "x12_status": "account_number",
    "ehr_encounter": "account_number",
    "card_charge": "account_number",
}


class Lineage(NamedTuple):
    """Which file a row came from, and since when it is known."""

    file_id: uuid.UUID
    known_at: datetime


def copy_rows(
    connection: psycopg.Connection[Any],
    table: str,
    parts: Sequence[tuple[Lineage, pa.Table]],
    hash_key: bytes,
) -> None:
    """COPY the rows of one table, of one file or of several together, in their order."""
    rows = pa.concat_tables([part for _, part in parts])
    counts = [part.num_rows for _, part in parts]
    _copy(connection, table, _with_lineage(table, rows, [of for of, _ in parts], counts, hash_key))


def _with_lineage(
    table: str,
    rows: pa.Table,
    lineages: Sequence[Lineage],
    counts: Sequence[int],
    hash_key: bytes,
) -> pa.Table:
    rows = pa.table({name: _storable(rows[name]) for name in rows.column_names})
    of_row = pa.array(np.repeat(np.arange(len(counts)), counts))
    ids = pa.array([str(one.file_id) for one in lineages])
    times = pa.array([one.known_at.isoformat() for one in lineages])
    rows = rows.append_column("file_id", ids.take(of_row))
    rows = rows.append_column("known_at", times.take(of_row))
    if table in ACCOUNT_COLUMNS:
        hashes = _hashes(rows[ACCOUNT_COLUMNS[table]], hash_key)
        rows = rows.append_column("account_hash", hashes)
    return rows


def _storable(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Take NUL out of text: PostgreSQL cannot hold it, the archive does."""
    if not pa.types.is_string(column.type) and not pa.types.is_large_string(column.type):
        return column
    if not pc.any(pc.match_substring(column, "\x00")).as_py():
        return column
    return pc.replace_substring(column, "\x00", "")


def _hashes(column: pa.ChunkedArray, key: bytes) -> pa.ChunkedArray:
    """Hash each distinct number once; many lines share an account."""
    coded = column.combine_chunks().dictionary_encode()
    distinct = [account_hash(number, key) for number in coded.dictionary.to_pylist()]
    return pa.chunked_array([pa.array(distinct, pa.string()).take(coded.indices)])


def _copy(connection: psycopg.Connection[Any], table: str, rows: pa.Table) -> None:
    """COPY as CSV that Arrow writes: decimals stay exact and no row becomes a Python object.

    Making tuples of Arrow rows for a binary COPY takes eight times as long as writing this CSV.
    An unquoted empty field is null and a quoted one is empty text, in Arrow as in PostgreSQL.
    """
    names = sql.SQL(", ").join(map(sql.Identifier, rows.column_names))
    into = sql.SQL("copy raw.{} ({}) from stdin (format csv)").format(sql.Identifier(table), names)
    with connection.cursor() as cursor, cursor.copy(into) as copy:
        for part in _csv(rows):
            copy.write(part)


def _csv(rows: pa.Table) -> Iterator[bytes]:
    options = pa_csv.WriteOptions(include_header=False)
    for batch in rows.to_batches(max_chunksize=50_000):
        sink = io.BytesIO()
        pa_csv.write_csv(batch, sink, options)
        yield sink.getvalue()
