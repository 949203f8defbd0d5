"""Duties that one login may not hold together, as `conflicts.yaml` has them. Pure: what the logins
hold is read elsewhere.
"""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any

import yaml

from billing.governance.policy_file import PolicyFileError, text_of


@dataclass(frozen=True)
class Conflict:
    """Two duties, each exercised by any of its functions, that no login may hold together."""

    name: str
    risk: str
    one: frozenset[str]
    other: frozenset[str]


@dataclass(frozen=True)
class Finding:
    """A login that holds both duties by these functions; `because` where that is accepted."""

    login: str
    conflict: str
    risk: str
    functions: tuple[str, ...]
    because: str


@dataclass(frozen=True)
class ConflictPolicy:
    """All conflicts, what is accepted of them, and the persons who have a login."""

    conflicts: tuple[Conflict, ...]
    accepted: Mapping[tuple[str, str], str]
    people: frozenset[str]

    def findings(self, rights: Mapping[str, Set[str]]) -> Iterator[Finding]:
        """Yield each login that holds both sides; `rights`: login without prefix -> functions."""
        for login, held in sorted(rights.items()):
            for conflict in self.conflicts:
                if conflict.one & held and conflict.other & held:
                    both = tuple(sorted((conflict.one | conflict.other) & held))
                    because = self.accepted.get((conflict.name, login), "")
                    yield Finding(login, conflict.name, conflict.risk, both, because)

    @property
    def functions(self) -> frozenset[str]:
        """Return every function that a conflict names."""
        return frozenset().union(*(c.one | c.other for c in self.conflicts))


def read_conflicts(text: str) -> ConflictPolicy:
    """Read `conflicts.yaml`. Raises PolicyFileError: a side without a function, an acceptance of
    no conflict or without a reason.
    """
    document = yaml.safe_load(text)
    conflicts = tuple(_conflict(item) for item in document["conflicts"])
    known = {conflict.name for conflict in conflicts}
    accepted: dict[tuple[str, str], str] = {}
    for item in document.get("accepted") or ():
        if item.get("conflict") not in known:
            raise PolicyFileError("conflicts.yaml: an acceptance names a conflict of the list")
        reason = text_of(item, "because")
        accepted |= {(item["conflict"], login): reason for login in item["logins"]}
    return ConflictPolicy(conflicts, accepted, frozenset(document.get("people") or ()))


def _conflict(item: Mapping[str, Any]) -> Conflict:
    one, other = frozenset(item.get("one") or ()), frozenset(item.get("other") or ())
    if not one or not other or one & other:
        raise PolicyFileError(
            "conflicts.yaml: a conflict has two sides with functions of their own"
        )
    return Conflict(text_of(item, "name"), text_of(item, "risk"), one, other)
