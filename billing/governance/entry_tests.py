"""The auditor's tests of journal entries and their parameters, as `entry_tests.yaml` has them.

Pure. What a test looks for is a function of the database; its name and types are given here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from billing.governance.policy_file import PolicyFileError

# By name: what it lists, and the SQL type of each parameter, in the order of the function's.
KNOWN: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "manual": ("entries made on request", {"prefixes": "text[]"}),
    "posted-after-close": ("entries posted after their period was over", {"days": "integer"}),
    "round-amounts": ("entries with round lines", {"unit": "numeric", "minimum": "numeric"}),
    "rare-account": ("entries on accounts that are hardly used", {"at_most": "integer"}),
    "same-pair": (
        "entries of one maker that mostly one person signs",
        {"share_percent": "numeric", "minimum": "integer"},
    ),
    "odd-hours": (
        "entries proposed at weekends or at night",
        {"time_zone": "text", "weekdays": "integer[]", "night_from": "time", "night_until": "time"},
    ),
    "below-limit": ("entries just below a limit", {"percent": "numeric"}),
    "split": ("entries within a limit that exceed it together", {"hours": "integer"}),
    "nobody-else": ("entries on accounts that one person alone posts on", {"minimum": "numeric"}),
    "other-tender": ("refunds that went another way than the money came", {}),
}
FUNCTIONS = {
    "round-amounts": "test_round_amount",
    **{name: "test_" + name.replace("-", "_") for name in KNOWN if name != "round-amounts"},
}
DECIMAL = re.compile(r"\d+(\.\d+)?")


@dataclass(frozen=True)
class EntryTest:
    """One test: its function in the schema `ledger`, and its parameters with their SQL types."""

    name: str
    title: str
    function: str
    parameters: Mapping[str, Any]
    types: Mapping[str, str]


def read_entry_tests(text: str) -> tuple[EntryTest, ...]:
    """Read `entry_tests.yaml`. Raises PolicyFileError: an unknown test, a parameter too many or
    too few, or an amount that is not a text of digits.
    """
    listed = (yaml.safe_load(text) or {}).get("tests")
    if not isinstance(listed, dict) or not listed:
        raise PolicyFileError("entry_tests.yaml: `tests` lists at least one test")
    return tuple(_read(name, given) for name, given in listed.items())


def _read(name: str, given: Any) -> EntryTest:
    if name not in KNOWN:
        raise PolicyFileError(f"entry_tests.yaml: there is no test {name}")
    title, types = KNOWN[name]
    if not isinstance(given, dict) or given.keys() != types.keys():
        raise PolicyFileError(f"entry_tests.yaml: {name} takes {', '.join(types)}")
    for parameter, kind in types.items():
        _check(f"{name}.{parameter}", kind, given[parameter])
    parameters = {parameter: given[parameter] for parameter in types}
    return EntryTest(name, title, FUNCTIONS[name], parameters, types)


def _check(place: str, kind: str, value: Any) -> None:
    if kind.endswith("[]"):
        one = int if kind == "integer[]" else str
        is_good = isinstance(value, list) and all(isinstance(item, one) for item in value)
    elif kind == "integer":
        is_good = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    elif kind == "numeric":
        is_good = isinstance(value, str) and DECIMAL.fullmatch(value) is not None
    else:
        is_good = isinstance(value, str)
    if not is_good:
        raise PolicyFileError(f"entry_tests.yaml: {place} is not {kind}")
