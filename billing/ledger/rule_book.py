"""Which variant of a posting rule stands for an entity on a day, and what is wrong between them.

dbt chooses in the same way (`int_posting_rule`). What a single row says is in `rules.py`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations, groupby, pairwise

from billing.ledger.rules import BASES, Account, PostingRule, PostingRuleError, read_variants

ANY_ENTITY = ""


@dataclass(frozen=True)
class RuleBook:
    """All variants of all rules. For each entity, basis and day an event has exactly one."""

    variants: tuple[PostingRule, ...]

    def choose(self, event: str, day: date, basis: str, entity_code: str = "") -> PostingRule:
        """Return the variant for an event of an entity on its own date.

        An entity's row comes before the general one, then a row for the basis before one for both.
        Raises PostingRuleError: no variant of the event stands on that day.
        """
        standing = [
            one for one in self.variants
            if one.event == event and one.days[0] <= day <= one.days[1]
            and _applies(one, entity_code, basis)
        ]  # fmt: skip
        if not standing:
            raise PostingRuleError(f"no rule for {event} of {entity_code or 'any entity'} on {day}")
        return max(standing, key=_precedence)

    def in_force(self, day: date, basis: str, entity_code: str = "") -> dict[str, PostingRule]:
        """Return the variants of one day by event, as an entity of that basis posts them."""
        events = dict.fromkeys(one.event for one in self.variants)
        return {event: self.choose(event, day, basis, entity_code) for event in events}


def read_rules(text: str, chart: Mapping[str, Account], entities: Collection[str] = ()) -> RuleBook:
    """Read the posting rules and hold the variants to each other.

    `entities` are those of `entities.yaml`; without them no row is held to them.
    Raises PostingRuleError, which names the rule and the column.
    """
    variants = read_variants(text, chart)
    for problem in _problems(variants, entities):
        raise PostingRuleError(problem)
    return RuleBook(variants)


def _problems(variants: Iterable[PostingRule], entities: Collection[str]) -> Iterator[str]:
    """Yield what is wrong, that which explains the rest first."""
    ordered = sorted(variants, key=lambda one: one.rule)
    yield from _shared_events(ordered)
    for one in ordered:
        if entities and one.entity_code and one.entity_code not in entities:
            yield f"{one.rule}: column entity_code names {one.entity_code}, which is no entity"
    for rule, group in groupby(ordered, key=lambda one: one.rule):
        kept = list(group)
        yield from _disagreements(rule, kept)
        yield from _doubles(rule, kept)
        for entity in entities or (ANY_ENTITY,):
            for basis in BASES:
                yield from _gaps(rule, kept, entity, basis)


def _shared_events(variants: Iterable[PostingRule]) -> Iterator[str]:
    rule_of: dict[str, str] = {}
    for one in variants:
        if rule_of.setdefault(one.event, one.rule) != one.rule:
            yield f"{one.rule}: column event is listed twice, with {rule_of[one.event]} too"


def _disagreements(rule: str, variants: Iterable[PostingRule]) -> Iterator[str]:
    """An event's date is known before its variant, so that neither may differ between variants."""
    for one, other in pairwise(variants):
        if one.event != other.event:
            yield f"{rule}: column event differs between its variants"
        if one.accounting_date != other.accounting_date:
            yield f"{rule}: column accounting_date differs between its variants"


def _doubles(rule: str, variants: Iterable[PostingRule]) -> Iterator[str]:
    for one, other in combinations(variants, 2):
        first = max(one.days[0], other.days[0])
        is_same = (one.entity_code, one.basis) == (other.entity_code, other.basis)
        if is_same and first <= min(one.days[1], other.days[1]):
            yield (f"{rule} stands twice on one day: columns effective_from, effective_to of two"
                   f" rows for {_named(one.entity_code, one.basis)}")  # fmt: skip


def _gaps(
    rule: str, variants: Iterable[PostingRule], entity_code: str, basis: str
) -> Iterator[str]:
    days = sorted(one.days for one in variants if _applies(one, entity_code, basis))
    if not days:
        column = "basis" if any(one.basis for one in variants) else "entity_code"
        yield f"{rule} has no variant for {_named(entity_code, basis)}: column {column}"
        return
    reached = date.min
    for first, last in days:
        if first > reached:
            yield (f"{rule} has no variant on {reached} for {_named(entity_code, basis)}:"
                   " column effective_from")  # fmt: skip
        if last == date.max:
            return
        reached = max(reached, last + timedelta(days=1))
    yield (f"{rule} has no variant from {reached} on for {_named(entity_code, basis)}:"
           " column effective_to")  # fmt: skip


def _applies(rule: PostingRule, entity_code: str, basis: str) -> bool:
    return rule.entity_code in {"", entity_code} and rule.basis in {"", basis}


def _precedence(rule: PostingRule) -> tuple[bool, bool]:
    return bool(rule.entity_code), bool(rule.basis)


def _named(entity_code: str, basis: str) -> str:
    return f"{entity_code or 'every entity'}, {basis or 'both bases'}"
