"""What each entity's ERP calls our accounts and dimensions, as `erp_segments.yaml` has it. Pure.

Refused is whatever could not be undone when a document is read back, or would be missed only when
an entry is sent. Whether the ERP has the segments is asked of the ERP, not here.
"""

from collections.abc import Collection, Mapping
from types import MappingProxyType

import yaml

from billing.governance.group import Entity, Group
from billing.governance.policy_file import PolicyFileError
from billing.ledger.segments import EntitySegments, SegmentMap

FILE = "erp_segments.yaml"
PARTS = ("accounts", "facility", "payer_class")
WHOLE_ENTITY = "NONE"  # the facility of what belongs to the entity as a whole


class _OnceLoader(yaml.SafeLoader):
    """Refuses a name that a mapping lists twice; YAML itself keeps the last one and is silent."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        """Return the mapping. Raises PolicyFileError."""
        names = [self.construct_object(name, deep=True) for name, _ in node.value]
        for name in names:
            if names.count(name) > 1:
                raise PolicyFileError(f"{FILE}: {name} is listed twice")
        return super().construct_mapping(node, deep=deep)


def read_erp_segments(text: str, group: Group, chart: Collection[str]) -> SegmentMap:
    """Read `erp_segments.yaml` for the entities of `group` and the accounts of `chart`.

    Raises PolicyFileError, which names the entity and the rule that is broken.
    """
    entities = _part(_loaded(text), ("entities",), "the file")["entities"]
    codes = [entity.entity_code for entity in group.entities]
    listed = _part(entities, codes, "entities")
    return SegmentMap(
        MappingProxyType(
            {
                entity.entity_code: _entity(entity, listed[entity.entity_code], group, chart)
                for entity in group.entities
            }
        )
    )


def _loaded(text: str) -> object:
    try:
        return yaml.load(text, Loader=_OnceLoader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError:
        raise PolicyFileError(f"{FILE}: this is no YAML") from None


def _entity(entity: Entity, item: object, group: Group, chart: Collection[str]) -> EntitySegments:
    code = entity.entity_code
    parts = _part(item, PARTS, code)
    accounts, facility, payer_class = (_names(parts[name], f"{name} of {code}") for name in PARTS)
    _check_accounts(accounts, chart, code)
    _check_facilities(facility, entity, group)
    if not payer_class:
        raise PolicyFileError(f"{FILE}: payer_class of {code} lists nothing")
    return EntitySegments(accounts, facility, payer_class)


def _part(item: object, names: Collection[str], place: str) -> Mapping[str, object]:
    """Return a mapping of exactly these names."""
    if not isinstance(item, dict):
        raise PolicyFileError(f"{FILE}: {place} must list {', '.join(names)}")
    for name in item:
        if name not in names:
            raise PolicyFileError(f"{FILE}: {name} is unknown in {place}")
    for name in names:
        if name not in item:
            raise PolicyFileError(f"{FILE}: {name} is missing in {place}")
    return item


def _names(item: object, place: str) -> Mapping[str, str]:
    """Return a mapping of texts in which no two of ours have the same name in the ERP."""
    if not isinstance(item, dict):
        raise PolicyFileError(f"{FILE}: {place} must list our names with those of the ERP")
    found: dict[str, str] = {}
    for ours, theirs in item.items():
        if not _is_name(ours) or not _is_name(theirs):
            raise PolicyFileError(f"{FILE}: {place} has a name that is no text in quotes")
        if theirs in found.values():
            raise PolicyFileError(f"{FILE}: {place} uses {theirs} twice")
        found[ours] = theirs
    return MappingProxyType(found)


def _is_name(value: object) -> bool:
    if not isinstance(value, str):
        return False
    return bool(value) and value == value.strip() and value.isprintable()


def _check_accounts(accounts: Mapping[str, str], chart: Collection[str], code: str) -> None:
    for ours, theirs in accounts.items():
        if ours not in chart:
            raise PolicyFileError(f"{FILE}: {ours} of {code} is no account of the chart")
        if theirs in chart and theirs not in accounts:
            raise PolicyFileError(f"{FILE}: {theirs} of {code} is an account of its own already")


def _check_facilities(facility: Mapping[str, str], entity: Entity, group: Group) -> None:
    own = {one.facility_code for one in entity.facilities}
    needed = own | {group.default_facility, WHOLE_ENTITY}
    known = needed | {one.facility_code for each in group.entities for one in each.facilities}
    for name in sorted(needed - set(facility)):
        raise PolicyFileError(f"{FILE}: facility {name} is missing in {entity.entity_code}")
    for name in sorted(set(facility) - known):
        raise PolicyFileError(f"{FILE}: {name} is no facility of the group")
