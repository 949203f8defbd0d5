"""Writing X12: segments, transactions, envelopes. Knows no claim and no remittance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sandbox.days import x12_date


@dataclass(frozen=True)
class Route:
    """From whom to whom a file goes, and how its segments end."""

    sender: str
    receiver: str
    functional_code: str
    version: str
    line_end: str = "\n"


def segment(*elements: str) -> str:
    """Join elements with an asterisk, without trailing empty ones."""
    return "*".join(elements).rstrip("*")


def transaction(set_id: str, control: int, version: str | None, body: list[str]) -> list[str]:
    """Put ST and SE around a body; SE01 counts both."""
    number = f"{control:04d}"
    opening = segment("ST", set_id, number, version or "")
    return [opening, *body, segment("SE", str(len(body) + 2), number)]


def interchange(route: Route, day: date, control: int, transactions: list[list[str]]) -> bytes:
    """Write one interchange with one functional group."""
    text = f"{control:09d}"
    isa = (
        f"ISA*00*{'':10}*00*{'':10}*ZZ*{route.sender:15}*ZZ*{route.receiver:15}*{day:%y%m%d}*0605"
        f"*^*00501*{text}*0*P*:"
    )
    group = segment(
        "GS", route.functional_code, route.sender, route.receiver, x12_date(day), "0605",
        str(control), "X", route.version,
    )  # fmt: skip
    closing = [segment("GE", str(len(transactions)), str(control)), segment("IEA", "1", text)]
    segments = [isa, group, *(one for body in transactions for one in body), *closing]
    return "".join(f"{one}~{route.line_end}" for one in segments).encode("ascii")
