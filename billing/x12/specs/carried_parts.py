"""What a specification of carried rows is made of: columns, their kinds, and short ways to name
them. No table is described here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from billing.x12.document import Source
from billing.x12.specs.parts import own

Kind = Literal["text", "money", "units", "rate", "date", "last_date"]


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


def as_money(element: int, component: int | None = None, stride: int = 0) -> Column:
    """Return a column of the row's own segment that is read as money."""
    return Column(own(element, component), "money", stride)


def as_units(element: int, component: int | None = None, stride: int = 0) -> Column:
    """Return a column of the row's own segment that is read as units."""
    return Column(own(element, component), "units", stride)


def as_rate(element: int) -> Column:
    """Return a column of the row's own segment that is read as a rate, weight or fraction."""
    return Column(own(element), "rate")


def as_date(element: int, component: int | None = None, stride: int = 0) -> Column:
    """Return a column of the row's own segment that is read as date."""
    return Column(own(element, component), "date", stride)


def procedure(element: int) -> dict[str, Column]:
    """Return the columns of a composite procedure (C003): qualifier, code, modifiers, words."""
    names = ("qualifier", "code", *(f"modifier_{number}" for number in range(1, 5)), "description")
    columns = {name: as_text(element, part) for part, name in enumerate(names, start=1)}
    return {
        name if name.startswith("modifier") else f"procedure_{name}": column
        for name, column in columns.items()
    }
