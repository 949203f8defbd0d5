"""Plain text tables for people: amounts to the right, words to the left, no colour, no frames."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

Cell = object


def table(columns: Sequence[str], rows: Iterable[Sequence[Cell]], indent: int = 2) -> list[str]:
    """Lines of a table: a heading, then one line per row."""
    kept = [tuple(row) for row in rows]
    texts = [[show(cell) for cell in row] for row in kept]
    widths = [
        max([len(columns[i]), *(len(text[i]) for text in texts)]) for i in range(len(columns))
    ]
    right = [_is_numeric(row[i] for row in kept) for i in range(len(columns))]
    lines = [_line(columns, widths, right, indent)]
    return [*lines, *(_line(text, widths, right, indent) for text in texts)]


def show(cell: Cell) -> str:
    """One cell as text: amounts with separators and cents, counts with separators."""
    if cell is None:
        return ""
    if isinstance(cell, Decimal):
        return f"{cell:,.2f}"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int):
        return f"{cell:,}"
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d %H:%M:%SZ")
    return cell.isoformat() if isinstance(cell, date) else printable(str(cell))


def printable(text: str) -> str:
    """A text that may hold anything (a remote file's name) as a terminal may be given it."""
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in text
    )


def percent(part: Decimal | int, whole: Decimal | int) -> str:
    """A share with one decimal; a dash where there is no whole."""
    return f"{100 * Decimal(part) / Decimal(whole):.1f} %" if whole else "-"


def plain(value: object) -> object:
    """The same content for JSON: amounts as text (exact), dates in ISO form."""
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    return value.isoformat() if isinstance(value, date) else str(value)


def _is_numeric(cells: Iterable[Cell]) -> bool:
    found = [cell for cell in cells if cell is not None and cell != ""]
    return bool(found) and all(
        isinstance(cell, Decimal | int) or str(cell).endswith(" %") for cell in found
    )


def _line(texts: Sequence[str], widths: Sequence[int], right: Sequence[bool], indent: int) -> str:
    pairs = zip(texts, widths, right, strict=True)
    cells = [
        text.rjust(width) if to_right else text.ljust(width) for text, width, to_right in pairs
    ]
    return (" " * indent + "  ".join(cells)).rstrip()
