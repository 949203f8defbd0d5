"""Tables as bytes: RFC 4180 in UTF-8, written the same way every time and read without mercy.

What a spreadsheet would take for a formula is disarmed in columns of text. Which tables there are
is not known here.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

SIGN = "'"
# The sign itself too: so a text that came with one is told from a text that was given one.
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", SIGN)
QUOTED = frozenset('",\r\n')
CENTS = 2
AMOUNT = re.compile(rf"-?[0-9]{{1,20}}\.[0-9]{{{CENTS}}}")


class UnreadableFileError(Exception):
    """A file is half copied, or not of the documented form; the text is a rule of ours."""


def disarmed(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula; `armed` gives it back."""
    return SIGN + text if text.startswith(DANGEROUS) else text


def armed(text: str) -> str:
    """Return the text that `disarmed` was given."""
    return text.removeprefix(SIGN)


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], line_end: str) -> bytes:
    """Return a heading and rows as bytes, with `line_end` after each of them."""
    lines = (",".join(map(_quoted, row)) + line_end for row in (columns, *rows))
    return "".join(lines).encode()


def rows_of(content: bytes, columns: Sequence[str]) -> list[dict[str, str]]:
    """Return the rows of a table by column. Raises UnreadableFileError.

    A byte order mark and lines without anything are passed over. A last line without an end is
    refused: it may have been cut in the middle of a value.
    """
    text = _decoded(content)
    try:
        found = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error:
        raise UnreadableFileError("the quoting of a line is broken") from None
    if not found or tuple(found[0]) != tuple(columns):
        raise UnreadableFileError(f"the first line must be {','.join(columns)}")
    if any(len(row) != len(columns) for row in found):
        raise UnreadableFileError(f"every line must have {len(columns)} values")
    return [dict(zip(columns, row, strict=True)) for row in found[1:]]


def day_of(text: str) -> date:
    """Return a date of the form 2026-05-09. Raises UnreadableFileError."""
    try:
        if len(text) == len("2026-05-09"):
            return date.fromisoformat(text)
    except ValueError:
        pass  # refused below, with all others
    raise UnreadableFileError("dates are of the form 2026-05-09")


def cents_of(text: str) -> Decimal:
    """Return an amount of the form -1234.50. Raises UnreadableFileError."""
    if not AMOUNT.fullmatch(text):
        raise UnreadableFileError("amounts are of the form -1234.50")
    return Decimal(text)


def whole_of(text: str) -> int:
    """Return a whole number, zero or more. Raises UnreadableFileError."""
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        raise UnreadableFileError("whole numbers are written with digits only")
    return int(text)


def yes_of(text: str) -> bool:
    """Return a yes or no. Raises UnreadableFileError."""
    if text not in {"yes", "no"}:
        raise UnreadableFileError("what is true or false is written as yes or no")
    return text == "yes"


def word_of(text: str) -> str:
    """Return a text that names something. Raises UnreadableFileError when it is empty or odd."""
    if not text or len(text) > 100 or text != text.strip() or not text.isprintable():
        raise UnreadableFileError("names are one line of 1 to 100 characters without blanks around")
    return text


def _quoted(value: str) -> str:
    if QUOTED.isdisjoint(value):
        return value
    return '"' + value.replace('"', '""') + '"'


def _decoded(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableFileError("the file must be UTF-8") from None
    if not text.endswith(("\n", "\r")):
        raise UnreadableFileError("the last line has no end: is the file still being copied?")
    return text
