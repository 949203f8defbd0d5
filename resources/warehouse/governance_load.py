"""Puts the policy files into the database, as the administrator: policy is deployed, like code.

The pipeline's roles may read what is loaded here and never change it.
"""

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import astuple
from datetime import date
from pathlib import Path
from typing import Any

from psycopg import Connection, sql

from billing.governance.approvals import ApprovalPolicy, as_document, read_approvals
from billing.governance.group import Group, read_group
from billing.keys import key_fingerprint
from billing.ledger.requests import MANUAL_ENTRY, request_kinds
from billing.ledger.rule_book import read_rules
from billing.ledger.rules import read_chart
from resources.code_identity import identity
from resources.warehouse.ledger import refusals

DEFAULT_AS_OF = date(2026, 10, 31)
CHART = Path(__file__).parents[2] / "dbt_project" / "seeds" / "chart_of_accounts.csv"
ENTITY_COLUMNS = (
    "entity_code", "name", "tin", "accounting_basis", "charge_source", "reserve_method",
)  # fmt: skip
MEMO_ONLY_TYPE = "offset"  # opening balances: in the sub-ledger, never in the ERP
MUST_CLEAR = "must"  # posting suspense: blocks a close while it is not zero


def load_governance(connection: Connection[Any], folder: Path, chart: Path = CHART) -> None:
    """Load entities, approval policy and chart in one transaction; loading twice changes nothing.

    What a file no longer names is removed where nothing refers to it; the approval policy is kept
    in versions, and another file is another version. Raises PolicyFileError, PostingRuleError,
    and LedgerRefusedError for one who wrote or approved the rules that are loaded.
    """
    group = read_group((folder / "entities.yaml").read_text())
    policy = read_approvals((folder / "approvals.yaml").read_text())
    with connection.transaction():
        _load_group(connection, group)
        _load_approvals(connection, policy)
        _load_chart(connection, chart)
        _load_payers(connection, chart.with_name("payers.csv"))
        _load_request_kinds(connection, chart, group)
        _record_deployment(connection, folder, policy)


def set_as_of(connection: Connection[Any], as_of: date) -> None:
    """Store the date on which everything looks; no event is dated after it.

    Asked for again, it leaves a date alone that has moved on since (`builds.move_as_of`). Raises
    LedgerRefusedError for a date before it once anything was built: two people move it back.
    """
    with refusals():
        connection.execute("select ops.ask_as_of(%s)", [as_of])


def keep_hash_key(connection: Connection[Any], hash_key: bytes) -> None:
    """Keep the fingerprint of the key of the keyed hashes.

    Raises LedgerRefusedError for another key than the one that the database was filled with: every
    account and claim would become another one.
    """
    with refusals():
        connection.execute("select ops.keep_hash_key(%s)", [key_fingerprint(hash_key)])


def _load_group(connection: Connection[Any], group: Group) -> None:
    connection.execute(
        """
        insert into ops.installation (as_of_date, default_entity_code, default_facility_code)
        values (%s, %s, %s)
        on conflict (only_row) do update set
            default_entity_code = excluded.default_entity_code,
            default_facility_code = excluded.default_facility_code
        """,
        [DEFAULT_AS_OF, group.default_entity, group.default_facility],
    )
    pairs = [(entity, facility) for entity in group.entities for facility in entity.facilities]
    entities = [(e.entity_code, e.name, e.tin, e.basis, e.charge_source, e.reserve_method)
                for e in group.entities]  # fmt: skip
    facilities = [(f.facility_code, e.entity_code, f.name) for e, f in pairs]
    if group.default_facility not in {row[0] for row in facilities}:
        facilities.append((group.default_facility, group.default_entity, "Not mapped yet"))
    providers = [(number, f.facility_code) for _, f in pairs for number in f.provider_ids]
    accounts = [(number, e.entity_code) for e in group.entities for number in e.bank_accounts]
    _upsert(connection, "ops.entity", ENTITY_COLUMNS, entities)
    _upsert(connection, "ops.facility", ("facility_code", "entity_code", "name"), facilities)
    _replace(connection, "ops.provider", ("provider_id", "facility_code"), providers)
    _replace(connection, "ops.bank_account", ("bank_account", "entity_code"), accounts)


def _load_approvals(connection: Connection[Any], policy: ApprovalPolicy) -> None:
    document = json.dumps(as_document(policy), default=str)
    connection.execute("select ledger.load_policy(%s, %s)", [policy.version, document])
    connection.execute(
        "update ledger.installation set entry_lines = %(lines)s where entry_lines <> %(lines)s",
        {"lines": policy.entry_lines},
    )


def _load_chart(connection: Connection[Any], chart: Path) -> None:
    with chart.open(newline="") as handle:
        rows = [
            (
                *(row["account"], row["name"], row["type"], row["normal"]),
                *(row["type"] != MEMO_ONLY_TYPE, row["zero_at_close"] == MUST_CLEAR),
                row["control"] or None,
            )
            for row in csv.DictReader(handle)
        ]
    columns = ("account", "name", "account_type", "normal_side", "reaches_erp", "must_clear",
               "control")  # fmt: skip
    _replace(connection, "ledger.account", columns, rows)


def _load_payers(connection: Connection[Any], payers: Path) -> None:
    with payers.open(newline="") as handle:
        rows = [(row["payer_code"],) for row in csv.DictReader(handle)]
    _replace(connection, "ledger.payer", ("payer_code",), rows)


def _load_request_kinds(connection: Connection[Any], chart: Path, group: Group) -> None:
    """Every rule whose date is that of a decision can be asked for, and manual entries."""
    accounts = read_chart(chart.read_text())
    text, codes = (chart.parent / "posting_rules.csv").read_text(), _codes(group)
    decided = request_kinds(read_rules(text, accounts, codes).variants, accounts)
    kinds = [*decided, MANUAL_ENTRY]
    columns = ("event", "rule", "approval_class", "subject", "room_account", "room_sign")
    _replace(connection, "ledger.request_kind", columns, [astuple(kind) for kind in kinds])


def _codes(group: Group) -> list[str]:
    return [entity.entity_code for entity in group.entities]


def _record_deployment(connection: Connection[Any], folder: Path, policy: ApprovalPolicy) -> None:
    """Keep who loaded which rules with which code; the same again changes nothing.

    The database refuses whoever wrote or approved the same rules.
    """
    running = identity(folder)
    with refusals():
        connection.execute(
            "select ledger.deploy_rules(%s, %s, %s)",
            [running.rule_set_hash, running.code_hash, policy.release_required],
        )


def _replace(
    connection: Connection[Any], table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Make a table hold exactly these rows; the first column is its key."""
    rows = list(rows)
    name, key = sql.Identifier(*table.split(".")), sql.Identifier(columns[0])
    keys = [row[0] for row in rows]
    connection.execute(sql.SQL("delete from {} where not {} = any(%s)").format(name, key), [keys])
    _upsert(connection, table, columns, rows)


def _upsert(
    connection: Connection[Any], table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    names = [sql.Identifier(column) for column in columns]
    changed = [sql.SQL("{0} = excluded.{0}").format(name) for name in names[1:]]
    act = sql.SQL("update set {}" if changed else "nothing").format(sql.SQL(", ").join(changed))
    statement = sql.SQL("insert into {} ({}) values ({}) on conflict ({}) do {}").format(
        sql.Identifier(*table.split(".")),
        sql.SQL(", ").join(names),
        sql.SQL(", ").join([sql.Placeholder()] * len(names)),
        names[0],
        act,
    )
    with connection.cursor() as cursor:
        cursor.executemany(statement, list(rows))
