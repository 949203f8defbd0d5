"""What `tieout estimate` does and shows: runs worked out, kept, and looked at again.

The arithmetic is in `billing/estimates`, every refusal in the database.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from billing.estimates import reserve
from billing.estimates.reserve import MEMO_RULES, MODEL_RULES, Line, Method
from orchestration.errors import ExpectedError
from orchestration.tables import percent, table
from resources.warehouse import builds, estimates
from resources.warehouse.estimates import Basis, Draft, Run
from resources.warehouse.ledger import Connection, LedgerRefusedError

ROOT = Path(__file__).parents[1]
CODE = ("billing/estimates/*.py", "dbt_project/models/intermediate/estimates/*.sql",
        "dbt_project/models/marts/estimates/*.sql")  # fmt: skip
MINIMUM = 30
REASON_LENGTH = 10
_RUNS = ("run", "state", "entity", "rule", "what", "cut-off", "method", "balance", "required",
         "entity's rate on", "no history on", "prepared by")  # fmt: skip
_LINES = ("facility", "payer class", "age", "balance", "rate", "rests on", "items", "required")
_LOOK_BACK = ("run", "cut-off", "state", "required then", "realised since", "remaining",
              "difference", "%")  # fmt: skip


@dataclass(frozen=True)
class Wanted:
    """What is to be estimated: entities and rules (all without any) up to a day, and how.

    `method` None is the one that `governance/entities.yaml` names for the entity.
    """

    entities: Sequence[str]
    rules: Sequence[str]
    up_to: date
    method: Method | None = None
    minimum: int = MINIMUM
    is_exact: bool = False  # the cut-off is that very day


def code_version() -> str:
    """The hash over all that works an estimate out: the arithmetic and the models behind it."""
    files = sorted(path for pattern in CODE for path in ROOT.glob(pattern))
    digests = (f"{one.name} {hashlib.sha256(one.read_bytes()).hexdigest()}\n" for one in files)
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def prepare(connection: Connection, wanted: Wanted) -> list[int]:
    """Work out and keep a run per entity and rule that has something open; return their numbers.

    Raises ExpectedError: an unknown entity or rule, no cut-off, or one that no build looked at.
    """
    known = builds.entities(connection)
    for one in wanted.entities:
        if one not in known:
            raise ExpectedError(f"not an entity: {one}; there are {', '.join(known)}")
    for one in wanted.rules:
        if one not in MODEL_RULES:
            raise ExpectedError(f"not a rule with a model: {one}; {', '.join(MODEL_RULES)}")
    made = [
        _prepare_one(connection, wanted, Basis(entity, _cutoff(connection, entity, wanted), rule))
        for entity in wanted.entities or known
        for rule in wanted.rules or MODEL_RULES
    ]
    found = [run for run in made if run is not None]
    if not found:
        raise ExpectedError("nothing is open at this cut-off, or no build has looked at it yet")
    return found


def basis(connection: Connection, entity: str, rule: str, cutoff: date | None) -> Basis:
    """Return what a memo is about: the cut-off named, else the newest. Raises ExpectedError."""
    up_to = cutoff or date.max
    wanted = Wanted([entity], [rule], up_to, is_exact=cutoff is not None)
    return Basis(entity, _cutoff(connection, entity, wanted), rule)


def _cutoff(connection: Connection, entity: str, wanted: Wanted) -> date:
    found = estimates.newest_cutoff(connection, entity, wanted.up_to)
    if found is None or (wanted.is_exact and found != wanted.up_to):
        raise ExpectedError(f"{entity} has no cut-off {'on' if found else 'by'} {wanted.up_to}")
    return found


def _prepare_one(connection: Connection, wanted: Wanted, basis: Basis) -> int | None:
    balances = estimates.balances(connection, basis)
    if not balances:
        return None
    # Charge lag has no yield to expect: it is a share by days, whatever the others go by.
    method = wanted.method or estimates.reserve_method(connection, basis.entity)
    method = "rate_by_age" if basis.rule == "JR59" else method
    histories = estimates.histories(connection, basis)
    lines = reserve.reserve(balances, histories, method, wanted.minimum)
    changed = reserve.sensitivity(lines, histories, method)
    parameters = {"minimum_items": wanted.minimum, "sensitivity": _texts(asdict(changed))}
    return estimates.prepare(connection, Draft(basis, method, parameters, code_version(), lines))


def _texts(facts: Mapping[str, object]) -> dict[str, object]:
    return {key: str(one) if isinstance(one, Decimal) else one for key, one in facts.items()}


def prepare_memo(
    connection: Connection, basis: Basis, line: Line, reason: str, attachment: str | None
) -> int:
    """Keep an amount that a person states, with the reason and the hash of a document."""
    if basis.rule not in MEMO_RULES:
        raise ExpectedError(f"not a rule by memo: {basis.rule}; there are {', '.join(MEMO_RULES)}")
    parameters = {"reason": reason, "attachment_sha256": attachment}
    draft = Draft(basis, "memo", parameters, code_version(), [line])
    return estimates.prepare(connection, draft)


def one_run(connection: Connection, number: int) -> Run:
    """Return a run. Raises LedgerRefusedError NO_RUN."""
    found = [run for run in estimates.runs(connection) if run.run_id == number]
    if not found:
        raise LedgerRefusedError("NO_RUN", f"there is no run {number}")
    return found[0]


def summary(connection: Connection, runs: Sequence[Run]) -> list[str]:
    """A table of runs, with the dollars whose rate is not the segment's own."""
    if not runs:
        return ["No run is kept."]
    return table(_RUNS, [_summary_row(connection, run) for run in runs])


def _summary_row(connection: Connection, run: Run) -> tuple[object, ...]:
    dollars: dict[str, Decimal] = {}
    for line in estimates.lines(connection, run.run_id):
        dollars[line.rate_level] = dollars.get(line.rate_level, Decimal(0)) + line.balance_amount
    wider = dollars.get("entity", Decimal(0)) + dollars.get("entity_all", Decimal(0))
    what = MODEL_RULES.get(run.rule) or MEMO_RULES[run.rule]
    return (
        str(run.run_id), run.state, run.entity_code, run.rule, what, run.cutoff_date, run.method,
        run.balance_amount, run.required_amount, wider, dollars.get("none", Decimal(0)),
        run.prepared_by.rpartition("_")[2],
    )  # fmt: skip


def page(connection: Connection, run: Run) -> dict[str, Any]:
    """All about a run: its lines, what other rates would say, and hindsight of earlier runs."""
    return {
        "run": asdict(run),
        "lines": [asdict(line) for line in estimates.lines(connection, run.run_id)],
        "sensitivity": run.parameters.get("sensitivity"),
        "hindsight": estimates.hindsight(connection, run),
    }


def render(connection: Connection, run: Run) -> list[str]:
    """The same content as text."""
    found = page(connection, run)
    lines = [
        (one["facility_code"], one["payer_class"], one["age_bucket"], one["balance_amount"],
         f"{one['rate']:.6f}", one["rate_level"], one["observation_count"],
         one["required_amount"])
        for one in found["lines"]
    ]  # fmt: skip
    return [
        *summary(connection, [run]), "",
        f"  content {run.content_hash}", f"  code    {run.code_version}",
        f"  build   {run.build_id}", *_reason(run), "",
        *table(_LINES, lines), "",
        *_sensitivity(run), *_hindsight(found["hindsight"]),
    ]  # fmt: skip


def _reason(run: Run) -> list[str]:
    reason = run.parameters.get("reason")
    return [] if reason is None else [f"  memo    {reason}"]


def _sensitivity(run: Run) -> list[str]:
    said = run.parameters.get("sensitivity")
    if said is None:
        return []
    rows = [("rates a tenth lower", said["lower_amount"]),
            ("as estimated", run.required_amount),
            ("rates a tenth higher", said["upper_amount"])]  # fmt: skip
    if said["worst_period"] is not None:
        rows.append((f"rates of {said['worst_period']}, the worst of six", said["worst_amount"]))
    amounts = [(what, Decimal(amount)) for what, amount in rows]
    compared = [(what, amount, amount - run.required_amount) for what, amount in amounts]
    return [*table(("sensitivity", "required", "change"), compared), ""]


def _hindsight(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    listed = [
        (str(one["run_id"]), one["cutoff_date"], one["state"], one["required_amount"],
         one["realised_amount"], one["remaining_amount"], one["difference_amount"],
         percent(one["difference_amount"], one["required_amount"]))
        for one in rows
    ]  # fmt: skip
    return table(_LOOK_BACK, listed) if listed else ["  hindsight: from the next build on"]
