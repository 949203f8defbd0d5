"""The legal entities, facilities, provider numbers and bank accounts, as `entities.yaml` has them.

Not here: payers (a dbt seed) and anything read from a received file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from billing.governance.policy_file import PolicyFileError, text_of
from billing.ledger.rules import BASES

CHARGE_SOURCES = ("auto", "charge_feed", "claims")
RESERVE_METHODS = ("rate_by_age", "expected_yield")


@dataclass(frozen=True)
class Facility:
    """A place of care and the provider numbers (NPI) that bill for it."""

    facility_code: str
    name: str
    provider_ids: tuple[str, ...]


@dataclass(frozen=True)
class Entity:
    """A legal entity: books of its own, facilities, and the bank accounts of its deposits.

    `basis`: the accounting basis, which chooses variants of posting rules. `charge_source`: what
    proves its charges; auto takes the charge feed once one has come, else the claims.
    `reserve_method`: how its month-end allowances are estimated.
    """

    entity_code: str
    name: str
    tin: str
    facilities: tuple[Facility, ...]
    bank_accounts: tuple[str, ...]
    basis: str = BASES[0]
    charge_source: str = CHARGE_SOURCES[0]
    reserve_method: str = RESERVE_METHODS[0]


@dataclass(frozen=True)
class Group:
    """All entities, and where a provider that nobody mapped belongs until it is mapped."""

    entities: tuple[Entity, ...]
    default_entity: str
    default_facility: str


def is_valid_npi(number: str) -> bool:
    """Whether a provider number has ten digits and the Luhn check digit over prefix 80840."""
    if len(number) != 10 or not number.isdecimal():
        return False
    digits = [int(digit) for digit in "80840" + number]
    doubled = [sum(divmod(2 * d, 10)) if i % 2 else d for i, d in enumerate(digits)]
    return sum(doubled) % 10 == 0


def read_group(text: str) -> Group:
    """Read `entities.yaml`. Raises PolicyFileError, which names the rule that is broken."""
    document = yaml.safe_load(text)
    group = Group(
        entities=tuple(_entity(item) for item in document["entities"]),
        default_entity=text_of(document, "default_entity"),
        default_facility=text_of(document, "default_facility"),
    )
    _check(group)
    return group


def _entity(item: Mapping[str, Any]) -> Entity:
    return Entity(
        entity_code=text_of(item, "entity_code"),
        name=text_of(item, "name"),
        tin=text_of(item, "tin"),
        facilities=tuple(_facility(part) for part in item.get("facilities", ())),
        bank_accounts=tuple(str(number) for number in item.get("bank_accounts", ())),
        basis=_choice(item, "basis", BASES),
        charge_source=_choice(item, "charge_source", CHARGE_SOURCES),
        reserve_method=_choice(item, "reserve_method", RESERVE_METHODS),
    )


def _choice(item: Mapping[str, Any], key: str, known: Sequence[str]) -> str:
    """Return one of the known words, the first where the file names none."""
    value = item.get(key, known[0])
    if value not in known:
        text = f"entities.yaml: {key} of {item.get('entity_code')} is one of {', '.join(known)}"
        raise PolicyFileError(text)
    return str(value)


def _facility(item: Mapping[str, Any]) -> Facility:
    return Facility(
        facility_code=text_of(item, "facility_code"),
        name=text_of(item, "name"),
        provider_ids=tuple(str(number) for number in item.get("provider_ids", ())),
    )


def _check(group: Group) -> None:
    facilities = [facility for entity in group.entities for facility in entity.facilities]
    codes = [entity.entity_code for entity in group.entities]
    once = {
        "entity_code": codes,
        "facility_code": [facility.facility_code for facility in facilities],
        "provider_ids": [number for facility in facilities for number in facility.provider_ids],
        "bank_accounts": [number for entity in group.entities for number in entity.bank_accounts],
    }
    for name, values in once.items():
        if len(values) != len(set(values)):
            raise PolicyFileError(f"entities.yaml: {name} is listed twice")
    if group.default_entity not in codes:
        raise PolicyFileError("entities.yaml: default_entity is not one of the entities")
    if not all(is_valid_npi(number) for number in once["provider_ids"]):
        raise PolicyFileError("entities.yaml: a provider id fails its check digit")
