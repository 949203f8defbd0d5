"""837 transactions as rows of the claim tables, held to CLM02 = sum of line charges."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from billing.arrow import TEXT
from billing.finding import Finding
from billing.x12 import columns, rules
from billing.x12.arrays import (
    all_true,
    extremes,
    first_cause,
    joined,
    numbers,
    ordinals,
    place,
    sums,
    table,
    truncated_rows,
)
from billing.x12.claim_lines import Lines, read_lines, texts_as_sent
from billing.x12.content import content_hash
from billing.x12.coordination import coordination_off
from billing.x12.document import Document, Rows
from billing.x12.index import Index, Mask
from billing.x12.kept import days_of
from billing.x12.rules import Rule, finding, unreadable_amount
from billing.x12.specs.claim import LINE_TABLES
from billing.x12.values import Money, money, text

# Implementation guides, 5010 then 4010; matched by prefix, since addenda change the rest.
_KIND_OF_GUIDE = {
    "005010X222": "837P",
    "004010X098": "837P",
    "005010X223": "837I",
    "004010X096": "837I",
    "005010X224": "837D",
    "004010X097": "837D",
}
_GUIDE_LENGTH = 10
_BILLING = ("billing_qualifier", "billing_number", "billing_ein", "billing_ssn")


def read_claims(document: Document, first_claim: int) -> tuple[dict[str, pa.Table], list[Finding]]:
    """Return raw.claim and raw.claim_line of the 837s in a document, and their findings."""
    rows, lines = document.tables["claims"], read_lines(document)
    charge = money(rows.column("charge_amount"))
    codes, findings = _check(document, rows, charge, lines)
    tables = {
        "claim": _claim_table(document, lines, charge, first_claim, codes),
        "claim_line": table(
            columns.CLAIM_LINE,
            {
                **place(document, lines.segment),
                **lines.fields,
                "claim_no": numbers(lines.claim + first_claim),
                "line_no": numbers(ordinals(lines.claim)),
                "charge_amount": lines.charge.column(),
                "units": lines.units,
            },
        ),
    }
    return tables, findings


def claim_levels(document: Document) -> dict[str, tuple[Index, Mask]]:
    """Return the claims, and which have a CLM02 that is not the sum of their lines, if known."""
    charge = money(document.tables["claims"].column("charge_amount"))
    lines = [document.tables[name] for name in LINE_TABLES.values()]
    amounts = money(pa.concat_arrays([rows.column("charge_amount") for rows in lines]))
    off = _is_off(charge, amounts, np.concatenate([rows.parent("claim") for rows in lines]))
    return {"claim": (document.tables["claims"].segment, off)}


def _is_off(charge: Money, line_charge: Money, owner: Index) -> Mask:
    count = len(charge.cents)
    known = charge.known & all_true(line_charge.known, owner, count)
    off: Mask = sums(line_charge.cents, owner, count) != charge.cents
    return off & known


def _check(
    document: Document, rows: Rows, charge: Money, lines: Lines
) -> tuple[list[str | None], list[Finding]]:
    """Return the finding code of every claim and the findings, with CLM02 as their amount."""
    count = len(rows)
    truncated = truncated_rows(document, rows.segment)
    known = charge.known & all_true(lines.charge.known, lines.claim, count)
    off = _is_off(charge, lines.charge, lines.claim) & ~truncated
    codes = first_cause(
        count,
        (truncated, rules.TRUNCATED),
        (~known, unreadable_amount("")),
        (off, rules.CLAIM_LINES_OFF),
    )
    every = np.arange(count)

    def found(rule: Rule, applies: Mask, segment: Index, owner: Index) -> Iterator[Finding]:
        for row in np.flatnonzero(applies).tolist():
            ordinal = int(document.ordinal(segment[row : row + 1])[0])
            yield finding(rule, ordinal, charge.decimal(int(owner[row])), "claim")

    findings = [
        *found(unreadable_amount("CLM02"), ~charge.known, rows.segment, every),
        *found(unreadable_amount("Line charge"), ~lines.charge.known, lines.segment, lines.claim),
        *found(rules.CLAIM_LINES_OFF, off, rows.segment, every),
        *found(rules.TRUNCATED_CLAIM, truncated, rows.segment, every),
        *found(rules.UNITS_UNREADABLE, lines.units_unreadable, lines.segment, lines.claim),
        *_coordination(document, charge),
        *_not_read(document, rows, lines),
    ]
    return codes, findings


def _coordination(document: Document, charge: Money) -> Iterator[Finding]:
    claims, lines = coordination_off(document, charge)
    for rule, segments in (
        (rules.COORDINATION_OFF, claims),
        (rules.COORDINATION_LINE_OFF, lines),
    ):
        for ordinal in document.ordinal(segments).tolist():
            yield finding(rule, ordinal, None, "claim")


def _not_read(document: Document, rows: Rows, lines: Lines) -> Iterator[Finding]:
    """Yield a finding for each transaction without claims, and segment that became no row."""
    counts = np.bincount(document.transaction_of(rows.segment), minlength=len(document.portions))
    for item, count in zip(document.portions, counts.tolist(), strict=True):
        item.transaction.totals.claims += count
        if item.is_last and not item.transaction.totals.claims:
            yield finding(rules.NO_CLAIM, item.transaction.segment)
    expected = document.find("CLM", "SV1", "SV2", "SV3")
    lost = document.lost(expected, rows.segment, lines.segment)
    for ordinal in document.ordinal(lost).tolist():
        yield finding(rules.NOT_READ, ordinal, None, "claim")


def _claim_table(
    document: Document, lines: Lines, charge: Money, first: int, codes: list[str | None]
) -> pa.Table:
    rows = document.tables["claims"]
    causes = [rows.column(f"related_cause_{number}") for number in range(1, 4)]
    named = (*texts_as_sent(columns.CLAIM, rows), *_BILLING)
    as_text = {name: text(rows.column(name)) for name in named}
    billing = _billing_provider(as_text)
    return table(
        columns.CLAIM,
        {
            **as_text,
            **place(document, rows.segment),
            **billing,
            **_service_dates(rows, lines),
            "related_causes": joined(causes),
            "claim_no": numbers(np.arange(len(rows)) + first),
            "claim_kind": _kinds(document, rows, lines),
            "charge_amount": charge.column(),
            "submitted_date": days_of(rows, "submitted_date"),
            "content_hash": pa.array(_hashes(document, rows, as_text, billing), TEXT),
            "finding_code": pa.array(codes, TEXT),
        },
    )


def _billing_provider(as_text: dict[str, pa.Array]) -> dict[str, pa.Array]:
    """NM109 is an NPI or (before 5010) a tax number, as NM108 says; REF*EI and REF*SY too."""
    qualifier, number = as_text["billing_qualifier"], as_text["billing_number"]
    nothing = pa.scalar(None, TEXT)
    is_npi = pc.fill_null(pc.equal(qualifier, "XX"), False)
    is_tin = pc.fill_null(pc.is_in(qualifier, value_set=pa.array(["24", "34"])), False)
    return {
        "billing_npi": pc.if_else(is_npi, number, nothing),
        "billing_tin": pc.coalesce(
            as_text["billing_ein"], as_text["billing_ssn"], pc.if_else(is_tin, number, nothing)
        ),
    }


def _service_dates(rows: Rows, lines: Lines) -> dict[str, pa.Array]:
    """The statement period (434), the claim's service date (472), or those of its lines."""
    first, _ = extremes(lines.fields["service_date"], lines.claim, len(rows))
    _, last = extremes(lines.fields["service_to_date"], lines.claim, len(rows))
    stated = ("statement_date", "service_date")
    return {
        "service_from_date": pc.coalesce(*(days_of(rows, name) for name in stated), first),
        "service_to_date": pc.coalesce(*(days_of(rows, name, last=True) for name in stated), last),
    }


def _kinds(document: Document, rows: Rows, lines: Lines) -> pa.Array:
    """By implementation guide; where none is named, by the kind of service line."""
    versions = [item.transaction.version or "" for item in document.portions]
    guides = [version[:_GUIDE_LENGTH].upper() for version in versions]
    owner = document.transaction_of(rows.segment).tolist()
    named = pa.array([_KIND_OF_GUIDE.get(guides[number]) for number in owner], TEXT)
    row = pc.index_in(pa.array(np.arange(len(rows))), value_set=pa.array(lines.claim))
    return pc.coalesce(named, lines.kind.take(row), "837")


def _hashes(
    document: Document, rows: Rows, as_text: dict[str, pa.Array], billing: dict[str, pa.Array]
) -> list[str]:
    """Hash each claim from CLM to the end of its loop, with its payer and billing provider."""
    closed = np.array([item.is_last and not item.is_broken for item in document.portions], np.int64)
    bounds = [rows.segment, document.find("HL"), document.ends() - closed]
    bound = np.unique(np.concatenate(bounds))
    ends = bound[np.searchsorted(bound, rows.segment, side="right")]
    offset = np.append(document.starts, len(document.body))
    context = [as_text["payer_id"], as_text["payer_sequence"], as_text["billing_number"]]
    spans = zip(offset[rows.segment].tolist(), offset[ends].tolist(), strict=True)
    values = zip(
        *(column.to_pylist() for column in (*context, billing["billing_tin"])), strict=True
    )
    return [
        content_hash(document.body[start:end], *outside)
        for (start, end), outside in zip(spans, values, strict=True)
    ]
