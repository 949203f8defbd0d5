"""The 837 (professional, institutional, dental; 5010 and 4010) for oxedi: loops and tables.

Loop names are those of the implementation guides X222, X223 and X224, whose union this is. A
segment goes to the innermost open loop that lists it, so the lists are complete where a missing
entry would close a claim. Everything stays text; `billing.x12.values` reads it.
"""

import json
from functools import cache
from typing import Any

import oxedi

_TEXT = {"type": "AN", "min": 0, "max": 1_000_000}
_WIDEST_SEGMENT = 24
_COMPOSITES = {("CLM", 5): 3, ("SV1", 1): 8, ("SV2", 2): 8, ("SV3", 1): 8}
_BILLING_REFERENCES = ("EI", "SY", "0B", "1G", "G2", "LU", "1C", "1D", "1A", "1B", "1H", "1J")
_LINE = "CRC DTP QTY MEA CN1 REF AMT K3 NTE PS1 HCP IMM HSD PWK CR1 CR3 CR5 TOO LIN CTP LQ FRM"

# loop: (parent, trigger, segments). "HL:3=20" means HL where HL03 is 20.
_LOOPS: dict[str, tuple[str, str, str]] = {
    "1000A": ("transaction", "NM1:1=41", "N2 N3 N4 PER REF"),
    "1000B": ("transaction", "NM1:1=40", "N2 N3 N4 PER REF"),
    "2000A": (
        "transaction",
        "HL:3=20",
        "PRV CUR NM1:1=85 NM1:1=87 NM1:1=PE N2 N3 N4 PER "
        + " ".join(f"REF:1={code}" for code in _BILLING_REFERENCES),
    ),
    "2000B": (
        "2000A",
        "HL:3=22",
        "SBR NM1:1=IL NM1:1=PR NM1:1=QD NM1:1=AO HL:3=23 PAT NM1:1=QC N2 N3 N4 DMG PER REF",
    ),
    "2300": (
        "2000B",
        "CLM",
        "DTP CL1 DN1 DN2 PWK CN1 AMT REF K3 NTE CR1 CR2 CR3 CR4 CR5 CR6 CR7 CRC HI QTY HCP HSD UR",
    ),
    "2310": ("2300", "NM1", "PRV N2 N3 N4 REF PER"),
    "2320": ("2300", "SBR", "CAS AMT DMG OI MIA MOA"),
    "2330": ("2320", "NM1", "N2 N3 N4 DTP PER REF"),
    "2400": ("2300", "LX", ""),
    "2400P": ("2400", "SV1", f"SV5 SV6 SV7 {_LINE}"),
    "2400I": ("2400", "SV2", f"SV4 {_LINE}"),
    "2400D": ("2400", "SV3", f"{_LINE}"),
    **{f"2420{kind}": (f"2400{kind}", "NM1", "PRV N2 N3 N4 REF PER") for kind in "PID"},
    **{f"2430{kind}": (f"2400{kind}", "SVD", "CAS DTP AMT") for kind in "PID"},
}


def _of(segment: str, element: int, **more: object) -> dict[str, object]:
    return {"segment": segment, "element": element, **more}


def _dated(qualifier: str) -> dict[str, object]:
    return _of("DTP", 3, where={"1": qualifier})


def _above(loop: str, segment: str, element: int, **where: str) -> dict[str, object]:
    conditions = {"where": {name.removeprefix("e"): code for name, code in where.items()}}
    return {"loop": loop, **_of(segment, element, **(conditions if where else {}))}


_CLAIMS = {
    "claim_number": _of("CLM", 1),
    "charge_amount": _of("CLM", 2),
    "facility_type_code": _of("CLM", 5, component=1),
    "frequency_code": _of("CLM", 5, component=3),
    "original_reference": _of("REF", 2, where={"1": "F8"}),
    "statement_date": _dated("434"),
    "service_date": _dated("472"),
    "submitted_date": _above("transaction", "BHT", 4),
    "billing_qualifier": _above("2000A", "NM1", 8, e1="85"),
    "billing_number": _above("2000A", "NM1", 9, e1="85"),
    "billing_ein": _above("2000A", "REF", 2, e1="EI"),
    "billing_ssn": _above("2000A", "REF", 2, e1="SY"),
    "payer_sequence": _above("2000B", "SBR", 1),
    "claim_filing_code": _above("2000B", "SBR", 9),
    "subscriber_id": _above("2000B", "NM1", 9, e1="IL"),
    "payer_name": _above("2000B", "NM1", 3, e1="PR"),
    "payer_id": _above("2000B", "NM1", 9, e1="PR"),
}


def _line_columns(segment: str, procedure: int, charge: int, units: int) -> dict[str, object]:
    return {
        "procedure_code": _of(segment, procedure, component=2),
        **{f"modifier_{n}": _of(segment, procedure, component=n + 2) for n in range(1, 5)},
        "charge_amount": _of(segment, charge),
        "units": _of(segment, units),
        "service_date": _dated("472"),
    }


_LINES = {
    "2400P": _line_columns("SV1", procedure=1, charge=2, units=4),
    "2400I": {
        **_line_columns("SV2", procedure=2, charge=3, units=5),
        "revenue_code": _of("SV2", 1),
    },
    "2400D": _line_columns("SV3", procedure=1, charge=2, units=6),
}
LINE_TABLES = {loop: f"lines_{loop}" for loop in _LINES}


@cache
def claim_spec() -> oxedi.Spec:
    """Return the 837 spec; it reads all three kinds of claim in both versions."""
    loops = _envelope_loops()
    position = 1000
    for name, (parent, trigger, segments) in _LOOPS.items():
        occurrences = {}
        for entry in [trigger, *segments.split()]:
            position += 10
            occurrences[_label(entry)] = {"pos": position, **_occurrence(entry)}
        loops[name] = {"parent": parent, "trigger": _trigger(trigger), "occurrences": occurrences}
    tables = {
        "claims": {"loops": ["2300"], "ref": "claim", "columns": _CLAIMS},
        **{
            LINE_TABLES[loop]: {"loops": [loop], "ref": f"line_{loop}", "columns": columns}
            for loop, columns in _LINES.items()
        },
    }
    segments_used = sorted(_segment_names(loops))
    spec = {
        "name": "837",
        "loops": loops,
        "tables": tables,
        "segments": {name: _segment(name) for name in segments_used},
    }
    return oxedi.Spec.from_json(json.dumps(spec))


def _envelope_loops() -> dict[str, Any]:
    return {
        "interchange": _envelope("ISA", "IEA", None),
        "group": _envelope("GS", "GE", "interchange"),
        "transaction": {
            **_envelope("ST", "SE", "group"),
            "occurrences": {
                "ST": {"segment": "ST", "pos": 1},
                "BHT": {"segment": "BHT", "pos": 2},
                "REF": {"segment": "REF", "pos": 3, "qualifier": {"element": 1, "codes": ["87"]}},
            },
        },
    }


def _envelope(start: str, end: str, parent: str | None) -> dict[str, Any]:
    loop: dict[str, Any] = {
        "trigger": {"segment": start},
        "end": end,
        "occurrences": {start: {"segment": start, "pos": 1}},
    }
    return loop if parent is None else {"parent": parent, **loop}


def _split(entry: str) -> tuple[str, str | None, str | None]:
    segment, _, condition = entry.partition(":")
    element, _, code = condition.partition("=")
    return segment, element or None, code or None


def _label(entry: str) -> str:
    return "_".join(part for part in _split(entry) if part)


def _trigger(entry: str) -> dict[str, Any]:
    segment, element, code = _split(entry)
    return {"segment": segment, **({"where": {element: code}} if element else {})}


def _occurrence(entry: str) -> dict[str, Any]:
    segment, element, code = _split(entry)
    qualifier = {"qualifier": {"element": int(element), "codes": [code]}} if element else {}
    return {"segment": segment, **qualifier}


def _segment_names(loops: dict[str, Any]) -> set[str]:
    listed = [loop["occurrences"].values() for loop in loops.values()]
    named = {occurrence["segment"] for occurrences in listed for occurrence in occurrences}
    return named | {"ISA", "GS", "ST", "SE", "GE", "IEA"}


def _segment(name: str) -> dict[str, Any]:
    return {"elements": {str(n): _element(name, n) for n in range(1, _WIDEST_SEGMENT + 1)}}


def _element(segment: str, number: int) -> dict[str, Any]:
    element: dict[str, Any] = {"name": f"{segment}{number:02}".lower(), **_TEXT}
    components = _COMPOSITES.get((segment, number))
    if components:
        element["composite"] = {
            str(part): {"name": f"component_{part}", **_TEXT} for part in range(1, components + 1)
        }
    return element
