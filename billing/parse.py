"""One door to all readers: the bytes of a file in, its rows and findings out, by its kind.

X12 comes in parts, whatever the size of the file; the other kinds are small and come as one.
"""

from collections.abc import Callable, Iterator
from importlib import import_module
from io import BytesIO
from typing import Any, BinaryIO

from billing.finding import Finding
from billing.intake import FileKind, recognise
from billing.parsed import ParsedFile, together

# Imported when first needed: a bank statement does not load the X12 engine.
_READERS = {
    FileKind.BAI2: ("billing.cash.bai2", "read_bai2"),
    FileKind.NACHA: ("billing.cash.ach", "read_nacha"),
    FileKind.FHIR_NDJSON: ("billing.ehr.fhir", "read_ndjson"),
    FileKind.CARD_LIST: ("billing.cash.cards", "read_card_list"),
}
_UNRECOGNISED = Finding(
    code="UNRECOGNISED_FILE",
    severity="error",
    segment=0,
    rule="A file is X12, BAI2, NACHA, FHIR NDJSON or a card processor's list",
    message="The content is of no known kind; nothing was read",
)
_HEAD_BYTES = 1_000_000


def parse(content: bytes, name: str) -> ParsedFile:
    """Read a file by what its bytes are; `name` counts only where they say nothing.

    An unknown kind is one finding and no rows. The readers raise nothing for what a file holds.
    """
    return together(parse_parts(BytesIO(content), name))


def parse_parts(file: BinaryIO, name: str) -> Iterator[ParsedFile]:
    """Read a file part by part; together they are what `parse` gives. Raises OSError."""
    head = file.read(_HEAD_BYTES)
    kind = recognise(head, name)
    if kind is FileKind.X12:
        source = _named("billing.x12.source", "Source")(file)
        yield from _named("billing.x12.reader", "read_x12_parts")(source)
    elif kind in _READERS:
        yield _named(*_READERS[kind])(head + file.read())
    else:
        yield ParsedFile(kind, {}, (_UNRECOGNISED,), 0, 0, reserialised=True)


def _named(module: str, function: str) -> Callable[..., Any]:
    found: Callable[..., Any] = getattr(import_module(module), function)
    return found
