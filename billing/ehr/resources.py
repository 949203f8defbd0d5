"""One FHIR R4 resource as one row, in the column order of `columns`, less the segment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from billing.ehr.fields import (
    Resource,
    amount,
    day,
    identifier,
    instant,
    mapping,
    mappings,
    order,
    reference,
    text,
    units,
)

Row = tuple[object, ...]
ACCOUNT_SYSTEM = "urn:account"
NPI_SYSTEM = "http://hl7.org/fhir/sid/us-npi"
_ACCOUNT_TYPE = "AN"


def patient(resource: Resource) -> Row:
    """Read a Patient: the official name, else the first."""
    names = list(mappings(resource.get("name")))
    official = [name for name in names if name.get("use") == "official"]
    name = (official or names or [{}])[0]
    given = name.get("given")
    parts = [part for item in given if (part := text(item))] if isinstance(given, list) else []
    return (
        text(resource.get("id")),
        text(name.get("family")),
        " ".join(parts) or None,
        day(resource.get("birthDate")),
        text(resource.get("gender")),
        _updated(resource),
    )


def encounter(resource: Resource) -> Row:
    """Read an Encounter with its account number and the billing provider's NPI."""
    period = mapping(resource.get("period"))
    provider = mapping(mapping(resource.get("serviceProvider")).get("identifier"))
    npi = text(provider.get("value")) if provider.get("system") in (None, NPI_SYSTEM) else None
    return (
        text(resource.get("id")),
        reference(resource.get("subject"), "Patient"),
        _account_number(resource),
        npi,
        text(mapping(resource.get("class")).get("code")),
        text(resource.get("status")),
        instant(period.get("start")),
        instant(period.get("end")),
        _updated(resource),
    )


def coverage(resource: Resource) -> Row:
    """Read a Coverage with the payer's id as the 837 gives it."""
    period = mapping(resource.get("period"))
    payers = [text(mapping(p.get("identifier")).get("value")) for p in _payors(resource)]
    return (
        text(resource.get("id")),
        reference(resource.get("beneficiary"), "Patient"),
        next((payer for payer in payers if payer), None),
        order(resource.get("order")),
        text(resource.get("status")),
        day(period.get("start")),
        day(period.get("end")),
        text(resource.get("subscriberId")),
        _updated(resource),
    )


def charge_item(resource: Resource) -> Row:
    """Read a ChargeItem; its price override is the total of the item, not of one unit."""
    procedure, revenue = _codes(resource)
    return (
        text(resource.get("id")),
        reference(resource.get("context"), "Encounter"),
        reference(resource.get("subject"), "Patient"),
        text(resource.get("status")),
        procedure,
        revenue,
        units(mapping(resource.get("quantity")).get("value")),
        charge_amount(resource),
        _service_date(resource),
        day(resource.get("enteredDate")),
        _updated(resource),
    )


def charge_amount(resource: Resource) -> Decimal | None:
    """Return the total amount of a ChargeItem, None where it cannot be kept exactly."""
    return amount(mapping(resource.get("priceOverride")).get("value"))


def _service_date(resource: Resource) -> date | None:
    period = mapping(resource.get("occurrencePeriod"))
    return day(resource.get("occurrenceDateTime")) or day(period.get("start"))


def _codes(resource: Resource) -> tuple[str | None, str | None]:
    """Return (procedure code, revenue code); a coding whose system says revenue is the latter."""
    procedure = revenue = None
    for coding in mappings(mapping(resource.get("code")).get("coding")):
        system = (text(coding.get("system")) or "").lower()
        if "revenue" in system:
            revenue = revenue or text(coding.get("code"))
        else:
            procedure = procedure or text(coding.get("code"))
    return procedure, revenue


def _account_number(resource: Resource) -> str | None:
    found = identifier(resource, ACCOUNT_SYSTEM)
    if found is not None:
        return found
    for item in mappings(resource.get("identifier")):
        codings = mappings(mapping(item.get("type")).get("coding"))
        if any(coding.get("code") == _ACCOUNT_TYPE for coding in codings):
            return text(item.get("value"))
    return None


def _payors(resource: Resource) -> Iterator[Resource]:
    """Yield the payors (R4) or the insurer (R5)."""
    yield from mappings(resource.get("payor"))
    yield from mappings(resource.get("insurer"))


def _updated(resource: Resource) -> object:
    return instant(mapping(resource.get("meta")).get("lastUpdated"))
