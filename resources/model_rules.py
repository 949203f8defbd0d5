"""Rules over the rows of one relation, counted by one query: expressions, not null, grain.

The dbt project declares them as data tests, each with its own name and severity, and `dbt test`
runs them one by one. A build counts all rules of a relation together: one scan for its rows, one
grouped pass for each key. Tests that compare relations are not rules and stay with dbt.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg

Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class Rule:
    """A data test of dbt as a condition that a row breaks, or as a key that may not repeat."""

    unique_id: str
    name: str
    breaks: str = ""
    key: tuple[str, ...] = ()
    values: str = ""  # counted by distinct value, where dbt counts values and not rows


@dataclass(frozen=True)
class RuledRelation:
    """A table or view of the database with the rules over its rows."""

    relation: str
    rules: list[Rule] = field(default_factory=list)


def take_rules(manifest: Any) -> dict[str, RuledRelation]:
    """Take the rules out of a manifest object, so that dbt does not run them; return them.

    They are grouped by the unique id of the seed or model whose rows they are about.
    """
    found: dict[str, RuledRelation] = {}
    for unique_id, node in list(manifest.nodes.items()):
        tested = manifest.nodes.get(getattr(node, "attached_node", None))
        if tested is not None and tested.relation_name and _is_plain(node):
            ruled = found.setdefault(tested.unique_id, RuledRelation(tested.relation_name))
            ruled.rules.append(_rule(node))
            del manifest.nodes[unique_id]
    return found


def count_failures(
    connection: psycopg.Connection[Any], relation: str, rules: Sequence[Rule]
) -> list[int | None]:
    """Count per rule the rows (or repeated keys) that break it; None where it cannot be computed.

    Where the query of all rules fails, each rule is asked alone: one that is wrong hides no other.
    """
    try:
        found = connection.execute(query(relation, rules)).fetchone()
    except psycopg.Error:
        if len(rules) == 1:
            return [None]
        return [count_failures(connection, relation, [rule])[0] for rule in rules]
    return list(found or [None] * len(rules))


def query(relation: str, rules: Sequence[Rule]) -> str:
    """Write the query that counts what breaks `rules`: one row, one column per rule."""
    numbered = list(enumerate(rules))
    of_rows = [f"{_count(rule)} as rule_{i}" for i, rule in numbered if not rule.key]
    columns = ", ".join(f"rule_{i}" for i, _ in numbered)
    parts = [_repeated(relation, rule, i) for i, rule in numbered if rule.key]
    if of_rows:
        one_scan = f"select {', '.join(of_rows)} from {relation}"  # noqa: S608 (the project's own)
        parts.insert(0, f"({one_scan}) as of_rows")
    return f"select {columns} from {' cross join '.join(parts)}"  # noqa: S608


def _count(rule: Rule) -> str:
    counted = f"distinct {rule.values}" if rule.values else "*"
    return f"count({counted}) filter (where {rule.breaks})"


def _repeated(relation: str, rule: Rule, number: int) -> str:
    condition = f" where {rule.breaks}" if rule.breaks else ""
    return (
        f"(select count(*) as rule_{number} from (select from {relation}{condition}"  # noqa: S608
        f" group by {', '.join(rule.key)} having count(*) > 1) as repeated) as key_{number}"
    )


def _rule(node: Any) -> Rule:
    made = _MAKE[node.test_metadata.name](node.test_metadata.kwargs)
    return Rule(node.unique_id, node.name, **made)


def _is_plain(node: Any) -> bool:
    """Say whether a test is a rule that its arguments alone describe."""
    metadata, config = getattr(node, "test_metadata", None), node.config
    return (
        metadata is not None
        and metadata.name in _MAKE
        and metadata.namespace is None
        and (config.where, config.limit, config.fail_calc) == (None, None, "count(*)")
        and (config.warn_if, config.error_if) == ("!= 0", "!= 0")
        and not any("{{" in str(v) for k, v in metadata.kwargs.items() if k != "model")
    )


def _out_of_range(arguments: Arguments) -> dict[str, Any]:
    column, bounds = arguments["column_name"], []
    if arguments.get("min_value") is not None:
        bounds.append(f"{column} < {arguments['min_value']}")
    if arguments.get("max_value") is not None:
        bounds.append(f"{column} > {arguments['max_value']}")
    return {"breaks": " or ".join(bounds) or "false"}


def _not_accepted(arguments: Arguments) -> dict[str, Any]:
    is_text = arguments.get("quote", True)
    values = ", ".join(f"'{value}'" if is_text else str(value) for value in arguments["values"])
    column = arguments["column_name"]
    return {"breaks": f"{column} not in ({values})", "values": column}


# An expression that is null does not hold, as in the test `holds` of the dbt project.
_MAKE: dict[str, Callable[[Arguments], dict[str, Any]]] = {
    "holds": lambda a: {"breaks": f"not coalesce(({a['expression']}), false)"},
    "not_null": lambda a: {"breaks": f"{a['column_name']} is null"},
    "accepted_range": _out_of_range,
    "accepted_values": _not_accepted,
    "unique_combination": lambda a: {"key": tuple(a["columns"])},
    "unique": lambda a: {
        "key": (a["column_name"],),
        "breaks": f"{a['column_name']} is not null",
    },
}
