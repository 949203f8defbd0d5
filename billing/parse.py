"""One door to all readers: the bytes of a file in, its rows and findings out, by its kind."""

from collections.abc import Callable
from importlib import import_module

from billing.intake import FileKind, recognise
from billing.parsed import Finding, ParsedFile

# Imported when first needed: a bank statement does not load the X12 engine.
_READERS = {
    FileKind.X12: ("billing.x12.reader", "read_x12"),
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


def parse(content: bytes, name: str) -> ParsedFile:
    """Read a file by what its bytes are; `name` counts only where they say nothing.

    An unknown kind is one finding and no rows. The readers raise nothing for what a file holds.
    """
    kind = recognise(content, name)
    if kind is FileKind.UNKNOWN:
        return ParsedFile(kind, {}, (_UNRECOGNISED,), 0, 0, reserialised=True)
    return _reader(kind)(content)


def _reader(kind: FileKind) -> Callable[[bytes], ParsedFile]:
    module, function = _READERS[kind]
    reader: Callable[[bytes], ParsedFile] = getattr(import_module(module), function)
    return reader
