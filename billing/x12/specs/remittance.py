"""The 835 for oxedi: its built-in loops, with our own tables. Amounts and dates stay text here
(`billing.x12.values` reads them), so that what cannot be read is told from what was not sent.
"""

import json
from functools import cache
from typing import Any

import oxedi

_TEXT = {"type": "AN", "min": 0, "max": 1_000_000}


def _of(segment: str, element: int, **more: object) -> dict[str, object]:
    return {"segment": segment, "element": element, **more}


def _dated(segment: str, qualifier: str) -> dict[str, object]:
    return _of(segment, 2, where={"1": qualifier})


def _organisation(loop: str, occurrence: str, element: int) -> dict[str, object]:
    return {"loop": loop, "occurrence": occurrence, "element": element}


_PAYMENTS = {
    "handling_code": _of("BPR", 1),
    "payment_amount": _of("BPR", 2),
    "credit_debit": _of("BPR", 3),
    "payment_method": _of("BPR", 4),
    "company_id": _of("BPR", 10),
    "payment_date": _of("BPR", 16),
    "trace_number": _of("TRN", 2),
    "originator_id": _of("TRN", 3),
    "production_date": _dated("DTM", "405"),
    "payer_name": _organisation("1000A", "payer_identification", 2),
    "payer_number": _organisation("1000A", "payer_identification", 4),
    "payee_qualifier": _organisation("1000B", "payee_identification", 3),
    "payee_number": _organisation("1000B", "payee_identification", 4),
    "payee_tin": {"loop": "1000B", **_dated("REF", "TJ")},
    "payee_npi": {"loop": "1000B", **_dated("REF", "HPI")},
}
_CLAIMS = {
    "claim_number": _of("CLP", 1),
    "claim_status_code": _of("CLP", 2),
    "charge_amount": _of("CLP", 3),
    "paid_amount": _of("CLP", 4),
    "patient_responsibility_amount": _of("CLP", 5),
    "claim_filing_code": _of("CLP", 6),
    "payer_claim_number": _of("CLP", 7),
    "facility_type_code": _of("CLP", 8),
    "frequency_code": _of("CLP", 9),
    "service_from_date": _dated("DTM", "232"),
    "received_date": _dated("DTM", "050"),
    **{f"moa_{element}": _of("MOA", element) for element in range(3, 8)},
    **{f"mia_{element}": _of("MIA", element) for element in (5, 20, 21, 22, 23)},
}
_SERVICES = {
    "qualifier": _of("SVC", 1, component=1),
    "product": _of("SVC", 1, component=2),
    **{f"modifier_{number}": _of("SVC", 1, component=number + 2) for number in range(1, 5)},
    "charge_amount": _of("SVC", 2),
    "paid_amount": _of("SVC", 3),
    "revenue_code": _of("SVC", 4),
    "units": _of("SVC", 5),
    "service_date": _dated("DTM", "472"),
    "service_start_date": _dated("DTM", "150"),
}
# CAS and PLB come whole, one row a segment: an amount whose code is missing is not lost.
_CAS = {f"cas_{element + 1:02}": {"group_element": element} for element in range(19)}
_PLB = {
    "provider_id": {"group_element": 0},
    "fiscal_period_date": {"group_element": 1},
    **{f"reason_{n}": {"group_element": 2 + 2 * n, "component": 1} for n in range(6)},
    **{f"reference_{n}": {"group_element": 2 + 2 * n, "component": 2} for n in range(6)},
    **{f"amount_{n}": {"group_element": 3 + 2 * n} for n in range(6)},
}

_TABLES: dict[str, Any] = {
    "payments": {"loops": ["transaction"], "ref": "payment", "columns": _PAYMENTS},
    "claims": {"loops": ["2100"], "ref": "claim", "columns": _CLAIMS},
    "services": {"loops": ["2110"], "ref": "service", "columns": _SERVICES},
    "cas": {
        "loops": ["2100", "2110"],
        "segment": "CAS",
        "repeat": {"from": 1, "step": 19},
        "columns": _CAS,
    },
    "plb": {
        "loops": ["transaction"],
        "segment": "PLB",
        "repeat": {"from": 1, "step": 14},
        "columns": _PLB,
    },
    "remarks": {
        "loops": ["2110"],
        "segment": "LQ",
        "repeat": {"from": 1, "step": 2},
        "columns": {"qualifier": {"group_element": 0}, "code": {"group_element": 1}},
    },
}


@cache
def remittance_spec(version: str) -> oxedi.Spec:
    """Return the 835 spec for `version` "5010" or "4010"."""
    spec = json.loads(oxedi.Spec.builtin(version).to_json())
    spec.pop("balancing", None)
    spec["tables"] = _TABLES
    for segment in spec["segments"].values():
        for element in segment["elements"].values():
            _as_text(element)
    spec["segments"]["REF"]["elements"]["1"].pop("codes", None)
    return oxedi.Spec.from_json(json.dumps(spec))


def _as_text(element: dict[str, Any]) -> None:
    element.update(_TEXT)
    for name in ("codes", "scale", "required"):
        element.pop(name, None)
    for component in element.get("composite", {}).values():
        _as_text(component)
