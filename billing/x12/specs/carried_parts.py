"""What a specification of carried rows is made of: columns, their kinds, and short ways to name
them. No table is described here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from billing.x12.document import Source
from billing.x12.specs.parts import own

Kind = Literal["text", "money", "units", "date", "last_date"]


@dataclass(frozen=True)
class Column:
    """Where a column comes from and how it is read; `stride` moves it with each repetition.

    `otherwise` is where a date is looked for when `source` says nothing.
    """

    source: Source
    kind: Kind = "text"
    stride: int = 0
    otherwise: Source | None = None


@dataclass(frozen=True)
class CarriedSpec:
    """Rows of raw table `table` from segments of these ids, up to `repeats` rows a segment.

    `is_complete`: also for segments that a wider table has taken.
    """

    table: str
    segments: tuple[str, ...]
    columns: Mapping[str, Column] = field(default_factory=dict)
    repeats: int = 1
    is_complete: bool = False


def as_text(element: int, component: int | None = None, stride: int = 0) -> Column:
    """Return a column of the row's own segment that is read as text."""
    return Column(own(element, component), stride=stride)


def as_money(element: int, stride: int = 0) -> Column:
    """Return a column of the row's own segment that is read as money."""
    return Column(own(element), "money", stride)


def as_units(element: int, stride: int = 0) -> Column:
    """Return a column of the row's own segment that is read as units."""
    return Column(own(element), "units", stride)


def as_date(element: int) -> Column:
    """Return a column of the row's own segment that is read as date."""
    return Column(own(element), "date")
