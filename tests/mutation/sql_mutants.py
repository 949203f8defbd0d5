"""Mutants of the SQL of posting: one small change of a function or view of the ledger, by rule.

Sites are every place where an operator of OPERATORS fits in the bodies that posting reaches. Which
of them are tried is decided by a hash of the site, at most two for an object, so that nobody picks
what the tests are good at. Nothing here runs a test.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg

ROOTS = ("propose", "approve", "approve_by_policy", "sendable", "hold_reasons", "begin_sending",
         "record_posted", "record_rejected", "record_unknown")  # fmt: skip
GUARDED = ("entry", "entry_line", "entry_event", "approval")
MOST_OF_ONE_OBJECT = 2
OPERATORS = (
    (r" >= ", " > "), (r" <= ", " < "), (r" > ", " >= "), (r" < ", " <= "),
    (r" <> ", " = "), (r" = ", " <> "), (r" and ", " or "), (r"\n\s+and [^\n;]+(?=\n)", ""),
    (r"\bsum\(", "max("), (r"\bmax\(", "min("), (r"\bmin\(", "max("),
    (r"\bdebit_amount\b", "credit_amount"), (r"\bcredit_amount\b", "debit_amount"),
    (r" \+ ", " - "), (r" - ", " + "), (r"\bnot exists\b", "exists"), (r"\bif not\b", "if"),
    (r"\bis not null\b", "is null"), (r"\bis null\b", "is not null"),
)  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """A definition with one change: what it is of, the change in words, and the whole text."""

    name: str
    change: str
    definition: str

    @property
    def order(self) -> str:
        """The hash by which mutants are chosen."""
        return hashlib.sha256(f"{self.name} {self.change}".encode()).hexdigest()


def definitions(connection: psycopg.Connection[Any]) -> dict[str, str]:
    """Return the definitions, as `create or replace` texts, of what posting reaches."""
    functions = "select proname, pg_get_functiondef(p.oid) from pg_proc as p" \
                " where pronamespace = 'ledger'::regnamespace"  # fmt: skip
    views = "select relname, 'create or replace view ledger.' || relname || ' as '" \
            " || pg_get_viewdef(oid) from pg_class where relkind = 'v'" \
            " and relnamespace = 'ledger'::regnamespace"  # fmt: skip
    found = dict(connection.execute(functions).fetchall())
    found |= dict(connection.execute(views).fetchall())
    guards = connection.execute(
        "select p.proname from pg_trigger as t join pg_proc as p on p.oid = t.tgfoid"
        " join pg_class as c on c.oid = t.tgrelid where not t.tgisinternal"
        " and c.relnamespace = 'ledger'::regnamespace and c.relname = any(%s)",
        [list(GUARDED)],
    )
    reached = _reached([*ROOTS, *(row[0] for row in guards.fetchall())], found)
    return {name: found[name] for name in sorted(reached)}


def _reached(roots: Iterable[str], found: dict[str, str]) -> set[str]:
    reached: set[str] = set()
    waiting = [name for name in roots if name in found]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            called = set(re.findall(r"\bledger\.(\w+)", found[name]))
            waiting += [other for other in called if other in found]
    return reached


def mutants(found: dict[str, str]) -> Iterator[Mutant]:
    """Return every mutant of every definition."""
    for name, text in found.items():
        begin = re.search(r"\$function\$|\bas\b", text)
        assert begin is not None
        for operator, replacement in OPERATORS:
            for site in re.finditer(operator, text):
                if site.start() >= begin.end() and _is_code(text, site.start(), site.group()):
                    line = text.count("\n", 0, site.start()) + 1
                    changed = text[: site.start()] + replacement + text[site.end() :]
                    words = f"line {line}:{site.start()}: {site.group().strip()[:40]} -> "
                    yield Mutant(name, words + (replacement.strip() or "nothing"), changed)


def _is_code(text: str, at: int, matched: str) -> bool:
    """Tell whether a site is outside of comments and leaves parentheses as they are."""
    before = text[text.rfind("\n", 0, at) + 1 : at]
    is_closed = matched.count("(") == matched.count(")") or "\n" not in matched
    return "--" not in before and is_closed


def choose(every: Iterable[Mutant], most: int) -> list[Mutant]:
    """Return so many mutants by their hash, at most two of one object."""
    taken: Counter[str] = Counter()
    chosen = []
    for mutant in sorted(every, key=lambda one: one.order):
        if len(chosen) < most and taken[mutant.name] < MOST_OF_ONE_OBJECT:
            taken[mutant.name] += 1
            chosen.append(mutant)
    return chosen
