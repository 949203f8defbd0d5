"""What the reader's tests feed it: an 835 built from amounts in cents, with any delimiters, and any
set from its segments.
"""

from dataclasses import dataclass, field
from typing import Any

from billing.parsed import ParsedFile
from billing.x12.reader import read_x12


@dataclass(frozen=True)
class Line:
    """One SVC; `adjustments` are (group, reason, cents). The payment is what they leave."""

    charge: int
    adjustments: tuple[tuple[str, str, int], ...] = ()

    @property
    def paid(self) -> int:
        """Charge less adjustments."""
        return self.charge - sum(cents for *_, cents in self.adjustments)


@dataclass(frozen=True)
class Claim:
    """One CLP with its lines and its claim-level adjustments."""

    number: str
    lines: tuple[Line, ...] = ()
    adjustments: tuple[tuple[str, str, int], ...] = ()
    charge_without_lines: int = 0

    @property
    def charge(self) -> int:
        """The charge of the lines, or the claim's own when it has none."""
        return sum(line.charge for line in self.lines) or self.charge_without_lines

    @property
    def paid(self) -> int:
        """What all adjustments leave of the charge."""
        paid = sum(line.paid for line in self.lines) if self.lines else self.charge
        return paid - sum(cents for *_, cents in self.adjustments)


@dataclass(frozen=True)
class Marks:
    """Delimiters, and what stands after a terminator."""

    element: str = "*"
    component: str = ":"
    segment: str = "~"
    after: str = "\n"


@dataclass(frozen=True)
class Advice:
    """One 835 transaction."""

    claims: tuple[Claim, ...]
    provider_adjustments: tuple[tuple[str, int], ...] = ()
    trace: str = "T1"
    marks: Marks = field(default_factory=Marks)

    @property
    def payment(self) -> int:
        """The payment that balances."""
        withheld = sum(cents for _, cents in self.provider_adjustments)
        return sum(claim.paid for claim in self.claims) - withheld

    def segments(self) -> list[list[str]]:
        """Return the segments from ST to SE as elements; composites are tuples joined later."""
        body = [
            ["BPR", "I", money(self.payment), "C", "ACH", *[""] * 11, "20260903"],
            ["TRN", "1", self.trace, "1520000001"],
            ["N1", "PR", "FEDERAL"],
            ["N1", "PE", "NORTHLAKE", "XX", "1234567893"],
            ["LX", "1"],
            *(segment for claim in self.claims for segment in self._claim(claim)),
            *(self._provider_adjustment(*item) for item in self.provider_adjustments),
        ]
        return [["ST", "835", "0001"], *body, ["SE", str(len(body) + 2), "0001"]]

    def _claim(self, claim: Claim) -> list[list[str]]:
        amounts = [money(claim.charge), money(claim.paid)]
        found = [["CLP", claim.number, "1", *amounts, "", "12", "ICN", "11", "1"]]
        found += [["CAS", group, code, money(cents)] for group, code, cents in claim.adjustments]
        found.append(["NM1", "QC", "1", "BIRD", "ROBIN"])
        for line in claim.lines:
            procedure = self.marks.component.join(["HC", "99213"])
            found.append(["SVC", procedure, money(line.charge), money(line.paid)])
            found.append(["DTM", "472", "20260801"])
            found += [["CAS", group, code, money(cents)] for group, code, cents in line.adjustments]
        return found

    def _provider_adjustment(self, reason: str, cents: int) -> list[str]:
        identifier = self.marks.component.join([reason, "REF1"])
        return ["PLB", "1234567893", "20261231", identifier, money(cents)]


def money(cents: int) -> str:
    """Write cents as an X12 amount."""
    sign, whole = ("-" if cents < 0 else ""), abs(cents)
    return f"{sign}{whole // 100}.{whole % 100:02}" if whole % 100 else f"{sign}{whole // 100}"


def interchange(advices: list[Advice], control: int = 1, marks: Marks | None = None) -> bytes:
    """Write advices in one envelope."""
    marks = marks or (advices[0].marks if advices else Marks())
    number = f"{control:09}"
    isa = ["ISA", "00", " " * 10, "00", " " * 10, "ZZ", "PAYER".ljust(15), "ZZ", "NLH".ljust(15)]
    isa += ["260901", "0600", "U", "00501", number, "0", "P", marks.component]
    group = ["GS", "HP", "PAYER", "NLH", "20260901", "0600", "1", "X", "005010X221A1"]
    inner = [segment for advice in advices for segment in advice.segments()]
    ends = [["GE", str(len(advices)), "1"], ["IEA", "1", number]]
    end = marks.segment + marks.after
    return "".join(marks.element.join(s) + end for s in [isa, group, *inner, *ends]).encode()


def balanced() -> Advice:
    """An advice with three claims and a recoupment that balances on all three levels."""
    return Advice(
        claims=(
            Claim("A-1", (Line(10000, (("CO", "45", 2000), ("PR", "2", 1500))), Line(5001))),
            Claim("A-2", (Line(7500, (("PR", "1", 7500),)),), adjustments=()),
            Claim("A-3", adjustments=(("CO", "29", 12345),), charge_without_lines=12345),
        ),
        provider_adjustments=(("WO", 1050), ("L6", -50)),
    )


ISA = (
    "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       "
    "*261123*0800*^*00501*000000007*0*P*:~"
)


def read_set(set_id: str, version: str, *segments: str) -> ParsedFile:
    """Read one transaction of these segments, ST and SE added."""
    body = [f"ST*{set_id}*0001*{version}", *segments, f"SE*{len(segments) + 2}*0001"]
    whole = "".join(f"{one}~" for one in ("GS*HN*S*R*20261123*0800*7*X*" + version, *body))
    return read_x12((ISA + whole + "GE*1*7~IEA*1*000000007~").encode())


def rows_of(parsed: ParsedFile, table: str, *names: str) -> list[tuple[Any, ...]]:
    """Return these columns of a table, a tuple a row."""
    return [tuple(row[name] for name in names) for row in parsed.tables[table].to_pylist()]
