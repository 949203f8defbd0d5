"""Pages of a card processor's lists (Stripe shapes) as rows of the card tables.

Amounts are whole minor units there and decimals here; times are Unix seconds, kept as UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa

from billing.arrow import arrow_table
from billing.cash import columns
from billing.cash.fields import cleaned, from_minor_units
from billing.exact import read_json
from billing.finding import Finding
from billing.intake import FileKind
from billing.parsed import ParsedFile

Element = Mapping[str, object]
Row = tuple[object, ...]
LIST_RULE = "a list page is a JSON object whose `data` is a list of objects"
ID_RULE = "each element has an `id` and a kind that is read"
AMOUNT_RULE = "an amount is a whole number of minor units that fits 12 digits before the point"
_LARGEST_INSTANT = 253_402_300_799  # 9999-12-31


def read_card_list(content: bytes) -> ParsedFile:
    """Read one list page; an element that cannot be read is a finding, the others load."""
    rows: dict[str, list[Row]] = {table: [] for table in _SCHEMAS}
    findings: list[Finding] = []
    elements = _elements(content)
    if elements is None:
        findings.append(Finding("UNREADABLE_LIST", "error", 0, LIST_RULE, "the page is no list"))
    for segment, element in enumerate(elements or [], start=1):
        known = _map(element)
        kind = _text(known.get("object"))
        if kind not in _READERS or not _text(known.get("id")):
            message = "the element has no id or is of another kind"
            findings.append(Finding("UNREADABLE_ELEMENT", "error", segment, ID_RULE, message))
            continue
        row, amounts = _READERS[kind](known)
        rows[f"card_{kind}"].append((segment, *row))
        if None in amounts:
            message = "an amount of the element cannot be read"
            code, record_kind = "AMOUNT_UNREADABLE", f"card_{kind}"
            findings.append(
                Finding(code, "error", segment, AMOUNT_RULE, message, None, record_kind)
            )
    return ParsedFile(
        kind=FileKind.CARD_LIST,
        tables={table: arrow_table(schema, rows[table]) for table, schema in _SCHEMAS.items()},
        findings=tuple(findings),
        records=sum(len(found) for found in rows.values()),
        segments=len(elements or []),
        reserialised=elements is not None,
    )


def _elements(content: bytes) -> list[object] | None:
    try:
        page = read_json(content)
    except ValueError:
        return None
    data = page.get("data") if isinstance(page, dict) else None
    return data if isinstance(data, list) else None


def _charge(element: Element) -> tuple[Row, tuple[Decimal | None, ...]]:
    captured = element.get("captured", True)
    taken = element.get("amount_captured")
    amount = _amount(element, "amount_captured" if isinstance(taken, int) else "amount")
    metadata = _map(element.get("metadata"))
    row = (
        _text(element.get("id")),
        _text(metadata.get("account")),
        _text(metadata.get("entity")),
        amount,
        _text(element.get("currency")),
        _text(element.get("status")),
        _instant(element.get("created")) if captured else None,
        _reference(element.get("balance_transaction")),
    )
    return row, (amount,)


def _refund(element: Element) -> tuple[Row, tuple[Decimal | None, ...]]:
    amount = _amount(element, "amount")
    row = (
        _text(element.get("id")),
        _reference(element.get("charge")),
        amount,
        _text(element.get("currency")),
        _text(element.get("status")),
        _instant(element.get("created")),
        _reference(element.get("balance_transaction")),
    )
    return row, (amount,)


def _payout(element: Element) -> tuple[Row, tuple[Decimal | None, ...]]:
    amount = _amount(element, "amount")
    trace = element.get("trace_id")
    arrival = _instant(element.get("arrival_date"))
    row = (
        _text(element.get("id")),
        _text(_map(element.get("metadata")).get("entity")),
        amount,
        _text(element.get("currency")),
        _text(element.get("status")),
        arrival.date() if arrival else None,
        _text(_map(trace).get("value")) if isinstance(trace, dict) else _text(trace),
        _instant(element.get("created")),
    )
    return row, (amount,)


def _balance_transaction(element: Element) -> tuple[Row, tuple[Decimal | None, ...]]:
    amounts = tuple(_amount(element, name) for name in ("amount", "fee", "net"))
    row = (
        _text(element.get("id")),
        _text(element.get("type")),
        _reference(element.get("source")),
        _reference(element.get("payout")),
        _text(_map(element.get("metadata")).get("entity")),
        *amounts,
        _text(element.get("currency")),
        _instant(element.get("created")),
    )
    return row, amounts


_READERS: dict[str | None, Callable[[Element], tuple[Row, tuple[Decimal | None, ...]]]] = {
    "charge": _charge,
    "refund": _refund,
    "payout": _payout,
    "balance_transaction": _balance_transaction,
}
_SCHEMAS: dict[str, pa.Schema] = {
    "card_charge": columns.CARD_CHARGE,
    "card_refund": columns.CARD_REFUND,
    "card_payout": columns.CARD_PAYOUT,
    "card_balance_transaction": columns.CARD_BALANCE_TRANSACTION,
}


def _amount(element: Element, name: str) -> Decimal | None:
    units = element.get(name)
    if isinstance(units, bool) or not isinstance(units, int):
        return None
    return from_minor_units(units, _text(element.get("currency")) or "USD")


def _instant(value: object) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return datetime.fromtimestamp(value, UTC) if 0 <= value <= _LARGEST_INSTANT else None


def _reference(value: object) -> str | None:
    """Return the id of a reference, which is an id or, expanded, the object itself."""
    return _text(value.get("id")) if isinstance(value, dict) else _text(value)


def _map(value: object) -> Element:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return cleaned(value) if isinstance(value, str) else None
