"""The piece of an archived file that a record came from, masked, for `tieout trace`.

X12 segments are masked by billing/x12/excerpt.py; here are the other kinds and the reading.
"""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice

from billing.x12.excerpt import masked, segments
from resources.archive import Archive

KEPT_JSON = frozenset(
    {
        "resourceType", "status", "object", "type", "currency", "amount", "fee", "net", "created",
        "code", "priceOverride", "value", "occurrenceDateTime", "enteredDate", "arrival_date",
        "quantity",
    }
)  # fmt: skip
KEPT_BANK = 4  # record code, type code, amount, funds type; the rest may name somebody


class Excerpts:
    """Masked pieces by file and ordinal; a file is read and cut once."""

    def __init__(self, archive: Archive) -> None:
        """`archive` holds the bytes as they were received."""
        self._archive = archive
        self._cut: dict[str, list[str]] = {}

    def piece(self, sha256: str, kind: str, ordinal: int) -> str:
        """The masked piece number `ordinal` (from 1) of an archived file."""
        if sha256 not in self._cut:
            content = self._archive.read(sha256)
            self._cut[sha256] = list(_pieces(content, kind))
        pieces = self._cut[sha256]
        return pieces[ordinal - 1] if 0 < ordinal <= len(pieces) else "(not in the file)"


def _pieces(content: bytes, kind: str) -> Iterator[str]:
    if kind == "x12":
        return (masked(segment) for _, _, segment in segments(content))
    if kind == "card_list":
        return (_masked_json(one) for one in json.loads(content).get("data", []))
    lines = content.decode("latin-1").splitlines()
    if kind == "fhir_ndjson":
        return (_masked_line(line) for line in lines)
    return (_masked_record(line) for line in lines)


def _masked_line(line: str) -> str:
    try:
        return _masked_json(json.loads(line))
    except ValueError:
        return "(not JSON)"


def _masked_json(value: object) -> str:
    return json.dumps(_kept(value), separators=(",", ":"))


def _kept(value: object) -> object:
    if isinstance(value, Mapping) and "coding" in value:
        return [coding.get("code") for coding in value["coding"]]
    if isinstance(value, Mapping):
        return {str(key): _kept(one) if key in KEPT_JSON else "***" for key, one in value.items()}
    if isinstance(value, list):
        return [_kept(one) for one in islice(value, 5)]
    return value


def _masked_record(line: str) -> str:
    """BAI2 by commas; a NACHA record keeps its type, transaction code and amount columns."""
    if re.match(r"\d\d,", line):
        fields = line.rstrip("/").split(",")
        return ",".join([*fields[:KEPT_BANK], *("***" for _ in fields[KEPT_BANK:])])
    return f"{line[:3]}***{line[29:39]}***" if line.startswith("6") else f"{line[:1]}***"
