"""A file as lines for people: every segment under its loop of the guide, with what is wrong beside
it. Values that could tell who the patient is are masked unless asked for.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from billing.finding import Finding
from billing.x12.check import Seen
from billing.x12.document import Document
from billing.x12.excerpt import masked
from billing.x12.framing import COMPONENT, ELEMENT, REPETITION, SEGMENT
from billing.x12.reader import X12File, in_order
from billing.x12.source import Source
from billing.x12.specs.words import WORDS
from billing.x12.tally import Tally, tallies_of

_PRINTED = str.maketrans({ELEMENT.decode(): "*", COMPONENT.decode(): ":", REPETITION.decode(): "^"})


@dataclass(frozen=True)
class Line:
    """One segment: its ordinal in the file, its loop and depth, words for it, and its text."""

    ordinal: int
    loop: str
    depth: int
    opens: bool
    words: str
    text: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Shown:
    """One transaction: its figures and its segments."""

    figures: Tally
    lines: tuple[Line, ...]


def show(content: bytes, *, is_masked: bool = True) -> tuple[list[Shown], list[Finding]]:
    """Return the transactions of a file in its order, and the findings that stand in none."""
    file, seen = X12File(Source(content)), Seen()
    reads = list(seen.all_of(file.documents()))
    findings = in_order([*seen.findings, *file.rest().findings])
    by_segment: dict[int, list[Finding]] = {}
    for one in findings:
        by_segment.setdefault(one.segment, []).append(one)
    lines: dict[int, list[Line]] = {}
    for read in reads:
        for number, item in enumerate(read.document.portions):
            shown = _lines(read.document, number, by_segment, is_masked=is_masked)
            lines.setdefault(item.transaction.number, []).extend(shown)
    inside = {line.ordinal for some in lines.values() for line in some}
    outside = [one for one in findings if one.segment not in inside]
    figures = tallies_of(reads)
    return [Shown(one, tuple(lines[one.transaction.number])) for one in figures], outside


def _lines(
    document: Document, number: int, findings: Mapping[int, list[Finding]], *, is_masked: bool
) -> Iterator[Line]:
    first, end = int(document.first_segments[number]), int(document.ends()[number])
    first += len(document.portions[number].context_ordinals)
    anchor = document.portions[number].segment
    for segment in range(first, end):
        ordinal = anchor + segment - first
        raw = document.index.raw(segment).rstrip(SEGMENT)
        said = masked(raw) if is_masked else raw.decode("latin-1")
        yield Line(
            ordinal=ordinal,
            loop=document.loops.name_of(segment),
            depth=document.loops.depth_of(segment),
            opens=int(document.loops.innermost[segment]) == segment,
            words=WORDS.get(document.index.name(segment), ""),
            text=said.translate(_PRINTED),
            findings=tuple(findings.get(ordinal, ())),
        )
