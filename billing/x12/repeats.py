"""Segments that repeat a group of elements (CAS triplets, PLB pairs) as one row a group.

A group is kept when its code or its amount is there: an amount without a code is not lost.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from billing.x12.document import Rows
from billing.x12.index import Index, Mask
from billing.x12.values import Money, dates, money, text, units

_TRIPLETS = tuple(range(2, 20, 3))


@dataclass(frozen=True)
class Melted:
    """CAS triplets or PLB pairs, one a row, in file order; `source` is the row they came from."""

    source: Index
    money: Money
    fields: dict[str, pa.Array]
    units_unreadable: Mask


def melt_cas(cas: Rows) -> Melted:
    """Return the adjustments of CAS segments: up to six triplets each."""
    group = text(cas.column("cas_01"))
    parts = []
    for triplet, element in enumerate(_TRIPLETS):
        if triplet and not _is_used(cas, f"cas_{element:02}", f"cas_{element + 1:02}"):
            continue
        reason = text(cas.column(f"cas_{element:02}"))
        amount = money(cas.column(f"cas_{element + 1:02}"))
        quantity, unreadable = units(cas.column(f"cas_{element + 2:02}"))
        kept = np.flatnonzero(~amount.blank | _present(reason))
        fields = {"group_code": group, "reason_code": reason, "quantity": quantity}
        parts.append((triplet, kept, amount, fields, unreadable))
    return _melt(parts)


def melt_plb(plb: Rows) -> Melted:
    """Return the adjustments of PLB segments: up to six pairs each."""
    whole = {
        "provider_id": text(plb.column("provider_id")),
        "fiscal_period_date": dates(plb.column("fiscal_period_date")),
    }
    parts = []
    for pair in range(6):
        if pair and not _is_used(plb, f"reason_{pair}", f"amount_{pair}"):
            continue
        reason = text(plb.column(f"reason_{pair}"))
        amount = money(plb.column(f"amount_{pair}"))
        fields = whole | {
            "reason_code": reason,
            "reference_id": text(plb.column(f"reference_{pair}")),
        }
        kept = np.flatnonzero(~amount.blank | _present(reason))
        parts.append((pair, kept, amount, fields, np.zeros(len(plb), np.bool_)))
    return _melt(parts)


def _melt(parts: list[tuple[int, Index, Money, dict[str, pa.Array], Mask]]) -> Melted:
    """Put the kept rows of each repetition under each other, then in file order."""
    source = np.concatenate([kept for _, kept, *_ in parts])
    repetition = np.concatenate([np.full(len(kept), number) for number, kept, *_ in parts])
    order = np.lexsort((repetition, source))
    amounts = Money(
        *(
            np.concatenate([getattr(part[2], name)[part[1]] for part in parts])[order]
            for name in ("cents", "known", "blank")
        )
    )
    fields = {
        name: pa.concat_arrays([part[3][name].take(pa.array(part[1])) for part in parts]).take(
            pa.array(order)
        )
        for name in parts[0][3]
    }
    unreadable = np.concatenate([part[4][part[1]] for part in parts])[order]
    return Melted(source[order], amounts, fields, unreadable)


def _is_used(rows: Rows, *names: str) -> bool:
    """Say whether any segment has the repetition at all; few use more than the first."""
    return any(rows.column(name).null_count < len(rows) for name in names)


def _present(column: pa.Array) -> Mask:
    return np.asarray(pc.is_valid(column).to_numpy(zero_copy_only=False), dtype=np.bool_)
