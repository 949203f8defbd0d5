"""What a dbt test says, in words for the person who looks at it in Dagster.

A description of its own wins; else the words are made from the kind of test and its arguments.
"""

from collections.abc import Callable, Mapping
from typing import Any

Arguments = Mapping[str, Any]


def words_of(test: Mapping[str, Any]) -> str:
    """Describe a test node of dbt's manifest in one sentence."""
    if own := str(test.get("description") or "").strip():
        return own
    metadata = test.get("test_metadata") or {}
    make = _WORDS.get(str(metadata.get("name")))
    if make is None:
        return f"{str(test['name']).replace('_', ' ').capitalize()}."
    return make(metadata.get("kwargs") or {})


def _list(values: object) -> str:
    return ", ".join(map(str, values)) if isinstance(values, list) else str(values)


def _model(reference: object) -> str:
    """Take the name out of `ref('name')`."""
    parts = str(reference).split("'")
    return parts[1] if len(parts) > 1 else str(reference)


def _range(arguments: Arguments) -> str:
    least, most = arguments.get("min_value"), arguments.get("max_value")
    bounds = [f"at least {least}" if least is not None else ""]
    bounds += [f"at most {most}" if most is not None else ""]
    return f"{arguments['column_name']} is {' and '.join(filter(None, bounds))}."


def _ties_to(arguments: Arguments) -> str:
    return (
        f"Per {_list(arguments['keys'])}: the sum of {arguments['amount']} equals the sum of "
        f"{arguments['to_amount']} in {_model(arguments['to'])}"
        + (f" where {arguments['to_where']}." if arguments.get("to_where") else ".")
    )


def _rolls_forward(arguments: Arguments) -> str:
    return (
        f"{arguments['opening']} equals {arguments['closing']} of the {arguments['period']} before,"
        f" per {_list(arguments['keys'])}."
    )


_WORDS: dict[str, Callable[[Arguments], str]] = {
    "unique": lambda a: f"No two rows have the same {a['column_name']}.",
    "not_null": lambda a: f"Every row has a {a['column_name']}.",
    "unique_combination": lambda a: f"The grain: no two rows share {_list(a['columns'])}.",
    "same_row_count": lambda a: f"It has as many rows as {_model(a['to'])}: none lost, none twice.",
    "accepted_values": lambda a: f"{a['column_name']} is one of {_list(a['values'])}.",
    "accepted_range": _range,
    "relationships": lambda a: f"Every {a['column_name']} is found in {_model(a['to'])}.",
    "holds": lambda a: f"In every row: {a['expression']}.",
    "zero_sum": lambda a: f"{a['amount']} adds up to zero per {_list(a['group_by'])}.",
    "ties_to": _ties_to,
    "rolls_forward": _rolls_forward,
    "no_gap_periods": lambda a: f"No {a['period']} is missing, per {_list(a['keys'])}.",
}
