"""The invented hospital group: legal entities, facilities, bank. No behaviour lives here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Entity:
    """A legal entity with its tax id, bank account and the account's first balance in cents."""

    code: str
    name: str
    tin: str
    bank_account: str
    opening_cents: int


@dataclass(frozen=True)
class Facility:
    """A place that bills under its own NPI; kind I bills 837I, kind P bills 837P."""

    code: str
    name: str
    entity: Entity
    npi: str
    kind: str
    street: str
    share: int


HOSPITAL = Entity("NLH", "Northlake Hospital, Inc.", "841112223", "4410001001", 125_000_000)
PHYSICIANS = Entity("NPG", "Northlake Physician Group, LLC", "843334445", "4410001002", 38_000_000)
ENTITIES = (HOSPITAL, PHYSICIANS)

FACILITIES = (
    Facility("MAIN", "Northlake Main Campus", HOSPITAL, "1234567893", "I", "100 HARBOR WAY", 35),
    Facility("EAST", "Northlake East Campus", HOSPITAL, "1245319599", "I", "2200 MILL ROAD", 20),
    Facility("CLIN", "Northlake Clinic", PHYSICIANS, "1003000126", "P", "14 ORCHARD LANE", 30),
    Facility("IMAG", "Northlake Imaging", PHYSICIANS, "1699999995", "P", "16 ORCHARD LANE", 15),
)

CITY, STATE, POSTAL_CODE = "LAKEMONT", "CO", "804350001"

CLEARINGHOUSE_ID, CLEARINGHOUSE_NAME = "CLEARPATH", "CLEARPATH EXCHANGE"
SUBMITTER_ID = "NORTHLAKE"
BANK_ID, BANK_NAME, BANK_ROUTING = "071000505", "FIRST LAKE BANK", "071000505"

# Treating physicians: family name, given name, NPI.
PHYSICIANS_ON_STAFF = (
    ("HALE", "ROBIN", "1555123409"),
    ("OKAFOR", "DANA", "1555678915"),
    ("LINDQVIST", "MORGAN", "1888000118"),
    ("SATO", "JAMIE", "1999444221"),
)
