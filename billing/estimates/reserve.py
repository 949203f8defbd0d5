"""What must be reserved at a cut-off: balances times rates, line by line.

A rate rests on history: of the dollars that were watched at an age, those lost. Where fewer items
were seen than asked for, the rate of the whole entity takes its place, and the line says so.
Plain arithmetic on Decimal; reading, keeping and posting a run are elsewhere.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from billing.exact import MONEY

Method = Literal["rate_by_age", "expected_yield"]
Level = Literal["segment", "entity", "entity_all", "none", "memo"]
METHODS: tuple[Method, ...] = ("rate_by_age", "expected_yield")
# Rules that are estimated by a model, in the order of their numbers; the words are for people.
MODEL_RULES: Mapping[str, str] = {
    "JR24": "denials",
    "JR45": "implicit price concessions",
    "JR46": "contractual adjustments",
    "JR59": "charges not posted yet",
}
# Rules whose amount a person states in a memo.
MEMO_RULES: Mapping[str, str] = {"JR49": "credit losses", "JR73": "settlements"}
ALL = "ALL"
_CENT, _MILLIONTH, _NOTHING = Decimal("0.01"), Decimal("0.000001"), Decimal("0.00")


@dataclass(frozen=True)
class Balance:
    """What is open at the cut-off, US dollars, of one facility, payer class and age."""

    facility_code: str
    payer_class: str
    age_bucket: str
    balance_amount: Decimal


@dataclass(frozen=True)
class History:
    """Of the dollars watched at an age, those lost to the cause and those nobody paid.

    Facility and payer class are ALL where it is about the entity; `period` is ALL or a month.
    """

    facility_code: str
    payer_class: str
    age_bucket: str
    period: str
    observation_count: int
    exposed_amount: Decimal
    lost_amount: Decimal
    uncollected_amount: Decimal

    def loss(self, method: Method) -> Decimal:
        """Return the dollars that the method counts as lost."""
        return self.uncollected_amount if method == "expected_yield" else self.lost_amount


@dataclass(frozen=True)
class Line:
    """One line of a run; `required_amount` is balance times rate, half a cent rounded up."""

    facility_code: str
    payer_class: str
    age_bucket: str
    balance_amount: Decimal
    rate: Decimal
    rate_level: Level
    observation_count: int
    lost_amount: Decimal
    exposed_amount: Decimal
    required_amount: Decimal


@dataclass(frozen=True)
class Sensitivity:
    """What would be required with other rates, US dollars; `worst_period` is None without any."""

    lower_amount: Decimal
    upper_amount: Decimal
    worst_period: str | None
    worst_amount: Decimal | None


Key = tuple[str, str, str]


def reserve(
    balances: Iterable[Balance],
    histories: Iterable[History],
    method: Method = "rate_by_age",
    minimum: int = 30,
) -> list[Line]:
    """Return the lines of a run, by facility, payer class and age.

    `minimum` is how many items a rate of a segment needs. Without any history at all a line has
    rate 0 and level `none`: it is for the reader to see that nothing is reserved on it.
    Raises ValueError: an unknown method, or a minimum below one.
    """
    if method not in METHODS or minimum < 1:
        raise ValueError("a method is rate_by_age or expected_yield, a minimum is one at least")
    known = {
        (one.facility_code, one.payer_class, one.age_bucket): one
        for one in histories
        if one.period == ALL and one.exposed_amount > 0
    }
    ordered = sorted(balances, key=lambda b: (b.facility_code, b.payer_class, b.age_bucket))
    return [_line(balance, known, method, minimum) for balance in ordered]


def _line(balance: Balance, known: Mapping[Key, History], method: Method, minimum: int) -> Line:
    level, history = _choose(balance, known, method, minimum)
    if history is None:
        return _unrated(balance, Decimal("0.000000"), level)
    rate = _rate(history, method)
    return replace(
        _unrated(balance, rate, level),
        observation_count=history.observation_count,
        lost_amount=history.loss(method),
        exposed_amount=history.exposed_amount,
    )


def _choose(
    balance: Balance, known: Mapping[Key, History], method: Method, minimum: int
) -> tuple[Level, History | None]:
    """The narrowest history that is broad enough, and what it is of."""
    age = ALL if method == "expected_yield" else balance.age_bucket
    own = known.get((balance.facility_code, balance.payer_class, age))
    if own is not None and own.observation_count >= minimum:
        return "segment", own
    if (entity := known.get((ALL, ALL, age))) is not None:
        return "entity", entity
    if (overall := known.get((ALL, ALL, ALL))) is not None:
        return "entity_all", overall
    return "none", None


def _unrated(balance: Balance, rate: Decimal, level: Level) -> Line:
    """A line without history behind its rate."""
    return Line(
        balance.facility_code, balance.payer_class, balance.age_bucket, balance.balance_amount,
        rate, level, 0, _NOTHING, _NOTHING, _required(balance.balance_amount, rate),
    )  # fmt: skip


def _rate(history: History, method: Method) -> Decimal:
    rate = history.loss(method) / history.exposed_amount
    return rate.quantize(_MILLIONTH, ROUND_HALF_UP)


def _required(balance: Decimal, rate: Decimal) -> Decimal:
    return (balance * rate).quantize(_CENT, ROUND_HALF_UP)


def memo(facility_code: str, payer_class: str, amount: Decimal | None) -> Line:
    """Return the line of a stated amount. Raises ValueError: no amount, zero, parts of a cent."""
    stated = MONEY.exactly(amount)
    if not stated:
        raise ValueError(f"an amount is not zero, in whole cents and at most {MONEY.most}")
    balance = Balance(facility_code, payer_class, "MEMO", stated)
    return _unrated(balance, Decimal("1.000000"), "memo")


def total(lines: Iterable[Line]) -> Decimal:
    """Return what all lines require together."""
    return sum((line.required_amount for line in lines), _NOTHING)


def sensitivity(lines: Sequence[Line], histories: Iterable[History], method: Method) -> Sensitivity:
    """Return the reserve with all rates a tenth lower and higher, and with the worst month's.

    A month's rates are those of the entity; where a month says nothing of an age the line's own
    rate stands. No rate goes above one.
    """
    months: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for one in histories:
        if one.period != ALL and one.exposed_amount > 0:
            months[one.period][one.age_bucket] = _rate(one, method)
    amounts = [(_total_at(lines, rates, method), period) for period, rates in months.items()]
    worst = max(amounts, default=None)
    return Sensitivity(
        _scaled(lines, Decimal("0.9")),
        _scaled(lines, Decimal("1.1")),
        worst[1] if worst else None,
        worst[0] if worst else None,
    )


def _scaled(lines: Iterable[Line], factor: Decimal) -> Decimal:
    required = (
        _required(line.balance_amount, min(Decimal(1), line.rate * factor)) for line in lines
    )
    return sum(required, _NOTHING)


def _total_at(lines: Iterable[Line], rates: Mapping[str, Decimal], method: Method) -> Decimal:
    required = (
        _required(
            line.balance_amount,
            rates.get(ALL if method == "expected_yield" else line.age_bucket, line.rate),
        )
        for line in lines
    )
    return sum(required, _NOTHING)
