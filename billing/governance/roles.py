"""Who may do what in the database, as `roles.yaml` has it. The catalog is compared with it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

import yaml

from billing.governance.policy_file import PolicyFileError


@dataclass(frozen=True)
class Role:
    """A database role: privileges by relation pattern or column, functions, and its groups."""

    name: str
    purpose: str
    tables: Mapping[str, frozenset[str]]
    columns: Mapping[str, Mapping[str, frozenset[str]]]  # relation, privilege, its columns
    functions: frozenset[str]
    member_of: frozenset[str]

    def privileges(self, relation: str) -> frozenset[str]:
        """Return the privileges on a relation such as `raw.claim`: all patterns that fit."""
        fitting = [p for pattern, p in self.tables.items() if fnmatchcase(relation, pattern)]
        return frozenset().union(*fitting)


@dataclass(frozen=True)
class RolePolicy:
    """All roles, and who reads each zone that dbt builds."""

    roles: tuple[Role, ...]
    built_zones: Mapping[str, frozenset[str]]

    def matrix(self, relations: Iterable[str]) -> set[tuple[str, str, str]]:
        """Return every (role, relation, privilege) that the policy grants."""
        return {
            (role.name, relation, privilege)
            for relation in relations
            for role in self.roles
            for privilege in role.privileges(relation)
        }


def read_roles(text: str) -> RolePolicy:
    """Read `roles.yaml`. Raises PolicyFileError when a role says nothing of its purpose."""
    document = yaml.safe_load(text)
    roles = []
    for name, item in document["roles"].items():
        if not item.get("purpose"):
            raise PolicyFileError("roles.yaml: a role states its purpose")
        tables = {pattern: frozenset(words) for pattern, words in item["tables"].items()}
        groups = frozenset(item.get("member_of", ()))
        columns = {
            relation: {word: frozenset(names) for word, names in words.items()}
            for relation, words in item.get("columns", {}).items()
        }
        functions = frozenset(item["functions"])
        roles.append(Role(name, item["purpose"], tables, columns, functions, groups))
    zones = {zone: frozenset(names) for zone, names in document["built_zones"].items()}
    return RolePolicy(tuple(roles), zones)
