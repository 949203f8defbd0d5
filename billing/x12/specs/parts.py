"""What the specifications are composed of: conditions, columns and the loops that sets share.

No transaction set is described here.
"""

from billing.x12.document import Source
from billing.x12.loops import Loop, Where


def qualified(*codes: str, element: int = 1) -> Where:
    """Return the condition that an element (the first, mostly a qualifier) says one of `codes`."""
    return Where(element, codes)


def own(element: int, component: int | None = None) -> Source:
    """Return a column from the row's own segment."""
    return Source(element, component=component)


def of(segment: str, element: int, *codes: str, component: int | None = None) -> Source:
    """Return a column from a segment of the row's loop, of these qualifiers where given."""
    return Source(element, segment, qualified(*codes) if codes else None, component)


def dated(segment: str, *codes: str) -> Source:
    """Return the date of a DTM (element 2) or DTP (element 3) with one of these qualifiers."""
    return of(segment, 2 if segment == "DTM" else 3, *codes)


def in_loop(loop: str, source: Source, under: str | tuple[str, ...] = ()) -> Source:
    """Return a column that comes from another loop: above the row, or beside it `under` one."""
    shared = (under,) if isinstance(under, str) else under
    return Source(source.element, source.segment, source.where, source.component, (loop,), shared)


def level(name: str, depth: int, code: str, *parents: str) -> Loop:
    """Return the loop of a hierarchical level: HL whose HL03 is `code`."""
    return Loop(name, depth, "HL", Where(3, (code,)), parents)
