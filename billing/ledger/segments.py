"""How an entity's accounts and dimensions are called in its ERP: the segment map.

The map is data (`governance/erp_segments.yaml`): a hospital's accountants own it. An account that
is not listed has its own number in the ERP; a dimension value that is not listed is unmapped.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

DIMENSIONS = ("facility", "payer_class")


class UnmappedSegmentError(Exception):
    """A dimension value has no segment in the ERP of its entity; the text names both."""


@dataclass(frozen=True)
class EntitySegments:
    """One entity's names: our account to the ERP's, and per dimension our value to its segment."""

    accounts: Mapping[str, str] = field(default_factory=dict)
    facility: Mapping[str, str] = field(default_factory=dict)
    payer_class: Mapping[str, str] = field(default_factory=dict)

    def of(self, dimension: str) -> Mapping[str, str]:
        """Return the values of a dimension; `dimension` is one of DIMENSIONS."""
        return self.facility if dimension == "facility" else self.payer_class


@dataclass(frozen=True)
class SegmentMap:
    """The names of all entities. An entity that is not listed maps no dimension."""

    entities: Mapping[str, EntitySegments] = field(default_factory=dict)

    def account(self, entity: str, account: str) -> str:
        """Return what the ERP calls our account."""
        return self._of(entity).accounts.get(account, account)

    def own_account(self, entity: str, erp_account: str) -> str:
        """Return what we call an account of the ERP, for what is read back."""
        back = {theirs: ours for ours, theirs in self._of(entity).accounts.items()}
        return back.get(erp_account, erp_account)

    def segment(self, entity: str, dimension: str, value: str) -> str:
        """Return the ERP's segment for a value; empty for no value. Raises UnmappedSegmentError."""
        if not value:
            return ""
        found = self._of(entity).of(dimension).get(value)
        if found is None:
            raise UnmappedSegmentError(f"{dimension} {value} of {entity} has no segment in the ERP")
        return found

    def own_value(self, entity: str, dimension: str, segment: str) -> str:
        """Return our value of a segment, or the segment itself where it is not one of ours."""
        back = {theirs: ours for ours, theirs in self._of(entity).of(dimension).items()}
        return back.get(segment, segment)

    def expected(self) -> Iterator[tuple[str, str, str, str]]:
        """Yield (entity, dimension, our value, the ERP's segment) of everything that is mapped."""
        for entity, names in self.entities.items():
            for dimension in DIMENSIONS:
                for value, segment in names.of(dimension).items():
                    yield entity, dimension, value, segment

    def _of(self, entity: str) -> EntitySegments:
        return self.entities.get(entity, EntitySegments())
