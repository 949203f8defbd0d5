"""Who decides on requests, and up to which amounts, as `approvals.yaml` has it under `requests`.

The decision itself is made in the database (`ledger.decide`); this is its input.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from billing.governance.policy_file import PolicyFileError, exact


@dataclass(frozen=True)
class RequestLimit:
    """The largest amounts, in US dollars, that holders of a role decide on; None is no limit.

    `amount`: the requests for one account; `day_amount`: those of one maker within 24 hours.
    `events` None is every event that no other row of the role names.
    """

    limit_id: str
    role: str
    events: tuple[str, ...] | None
    amount: Decimal | None
    day_amount: Decimal | None


@dataclass(frozen=True)
class RequestPolicy:
    """Days over which requests for an account add up, classes of manual entries, and the limits.

    `ceilings` are the largest amounts that anybody may ask for, by event. An entry with debits up
    to `manual_above` US dollars is of `manual_class`.
    """

    days: int
    other_tender_role: str
    manual_class: str
    manual_above: Decimal
    manual_class_above: str
    reason_codes: tuple[str, ...]
    limits: tuple[RequestLimit, ...]
    ceilings: Mapping[str, Decimal]

    @property
    def roles(self) -> Mapping[str, str]:
        """Return the role that each part of the policy asks for, by where it is named."""
        limits = {f"request limit {one.limit_id}": one.role for one in self.limits}
        return {"refunds by another tender": self.other_tender_role, **limits}


def read_requests(item: Mapping[str, Any]) -> RequestPolicy:
    """Read the part `requests`. Raises PolicyFileError; KeyError where something is missing."""
    manual = item["manual"]
    days, codes = item["days"], tuple(manual["reason_codes"])
    if type(days) is not int or days < 1:
        raise _broken("days must be a whole number of at least 1")
    if not codes or not all(isinstance(code, str) for code in codes):
        raise _broken("reason codes are a list of words")
    limits = tuple(_limit(one) for one in item["limits"])
    if len({one.limit_id for one in limits}) != len(limits):
        raise _broken("a limit is listed twice")
    return RequestPolicy(
        days, _word(item["other_tender"]), _word(manual["class"]), _exact(manual["above"]),
        _word(manual["class_above"]), codes, limits,
        {_word(event): _exact(amount) for event, amount in item["ceilings"].items()},
    )  # fmt: skip


def request_document(policy: RequestPolicy) -> dict[str, Any]:
    """Return both parts as `ledger.load_policy` takes them."""
    found = asdict(policy)
    limits, ceilings = found.pop("limits"), found.pop("ceilings")
    return {
        "requests": found,
        "request_limits": list(limits),
        "request_ceilings": [{"event": name, "amount": one} for name, one in ceilings.items()],
    }


def _limit(item: Mapping[str, Any]) -> RequestLimit:
    events = None if item["events"] == "all" else tuple(_word(one) for one in item["events"])
    amounts = (None if item[key] is None else _exact(item[key]) for key in ("amount", "day_amount"))
    return RequestLimit(_word(item["id"]), _word(item["role"]), events, *amounts)


def _word(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise _broken("a name must be a text")
    return value


def _exact(value: object) -> Decimal:
    try:
        amount = exact(value)
    except ValueError as broken:
        raise _broken(str(broken)) from None
    if amount == 0:
        raise _broken("an amount is above zero and in whole cents")
    return amount


def _broken(rule: str) -> PolicyFileError:
    return PolicyFileError(f"approvals.yaml: requests: {rule}")
