"""`tieout prove`: every tie-out worked out again, from the archived bytes to the ERP's own books.

T1 and T2 read each archived file again, and T15 rebuilds everything from the same reading; T9
and T14 ask the ERP now; the others ask the database now. They are worked out side by side, and
whatever stops one of them is its break. What an earlier build recorded is not believed.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from billing.evidence.anchors import is_anchor
from billing.ledger.erp import ErpLedger
from orchestration import proof
from orchestration.errors import ExpectedError
from orchestration.proof import Proof, ProofChangedError
from orchestration.prove_erp import balances
from orchestration.prove_sides import Sides
from orchestration.prove_watch import Watch
from orchestration.tables import table
from resources.code_identity import identity
from resources.settings import Settings
from resources.warehouse import tie_outs
from resources.warehouse.tie_outs import TieOutResult

__all__ = ["Asked", "balances", "gather", "holds", "render"]

TITLES = {**{one.id: one.title for one in tie_outs.TIE_OUTS}, **tie_outs.OTHER_TITLES}
FIFTEEN = tuple(f"T{number}" for number in range(1, 16))
NAMED = 10  # breaks that are named on a screen, per tie-out and scope; --json names all


@dataclass(frozen=True)
class Asked:
    """What to prove. `is_since`: what the kept proof holds and is unchanged is taken from it.

    `anchors` (SEQ:HASH) were kept elsewhere, say in an e-mail. `erp_problem` says why there is no
    ERP to ask, where it could not even be started; `erp` is asked in place of the one that the
    settings name.
    """

    with_rebuild: bool = True
    is_since: bool = False
    erp_problem: str = ""
    anchors: tuple[str, ...] = ()
    erp: ErpLedger | None = None


def gather(
    settings: Settings, asked: Asked | None = None, watch: Watch | None = None
) -> dict[str, Any]:
    """Both sides of every tie-out in each of its scopes, and those left out.

    A proof that is complete and holds is kept for the next one.
    """
    asked, watch = asked or Asked(), watch or Watch()
    code = _code()
    before, refusal = _kept(settings, code) if asked.is_since else (Proof(), "")
    found = _work(settings, asked, watch, before)
    proved = {one.id for one in found.results}
    gathered = {
        "tie_outs": [_facts(one) for one in sorted(found.results, key=lambda one: int(one.id[1:]))],
        "left_out": [number for number in FIFTEEN if number not in proved],
        "since": before.made_at or None,
        "since_refused": refusal or None,
    }
    if holds(gathered) and "T15" in proved:
        proof.keep(settings, replace(found.proof, code=code))
    return gathered


def checked_anchors(anchors: Iterable[str]) -> tuple[str, ...]:
    """Anchors as a person gives them. Raises ExpectedError where one is none."""
    found = tuple(anchors)
    for one in found:
        if not is_anchor(one):
            raise ExpectedError(f"not an anchor like 1234:<64 hexadecimal digits>: {one}")
    return found


def _kept(settings: Settings, code: str) -> tuple[Proof, str]:
    """The kept proof and "", or an empty one and why everything is proved."""
    try:
        found = proof.kept(settings)
    except ProofChangedError:
        return Proof(), "the kept proof was changed since it was kept: everything is proved"
    if found is None:
        return Proof(), "there is no kept proof that held: everything is proved"
    if found.code != code:
        return Proof(), "rules or programs are others than in the kept proof: everything is proved"
    return found, ""


def _code() -> str:
    running = identity()
    return f"{running.code_hash} {running.rule_set_hash}"


def _work(settings: Settings, asked: Asked, watch: Watch, before: Proof) -> Sides:
    """The sides beside each other: files and rebuild, queries, and the ERP entity by entity."""
    sides = Sides(settings, before, watch)
    with ThreadPoolExecutor(3) as pool:
        running = [
            pool.submit(sides.files, with_rebuild=asked.with_rebuild),
            pool.submit(sides.queries),
            pool.submit(sides.erp, asked.erp_problem, asked.erp),
        ]
    for side in running:
        side.result()
    sides.anchors(asked.anchors)
    return sides


def holds(found: dict[str, Any]) -> bool:
    """Whether every tie-out holds; none at all proves nothing."""
    return bool(found["tie_outs"]) and all(one["holds"] for one in found["tie_outs"])


def _facts(result: TieOutResult) -> dict[str, Any]:
    return {
        "id": result.id,
        "scope": result.scope,
        "title": TITLES[result.id],
        "left": result.left,
        "right": result.right,
        "difference": result.difference,
        "breaks": result.breaks,
        "named": list(result.named),
        "holds": result.holds,
    }


def render(found: dict[str, Any]) -> list[str]:
    """The same content as text, with what breaks a tie-out below the table."""
    columns = ["id", "scope", "left", "right", "difference", "holds", "what"]
    listed = [
        (one["id"], one["scope"], one["left"], one["right"], one["difference"], one["holds"],
         one["title"])
        for one in found["tie_outs"]
    ]  # fmt: skip
    broken = sum(1 for one in found["tie_outs"] if not one["holds"])
    verdict = "every tie-out holds" if holds(found) else f"{broken} do not hold"
    left_out = f"; left out: {', '.join(found['left_out'])}" if found["left_out"] else ""
    return [
        *table(columns, listed),
        *(line for one in found["tie_outs"] for line in _named(one)),
        "",
        *_since(found),
        f"{verdict}{left_out}",
    ]


def _named(one: dict[str, Any]) -> list[str]:
    if one["holds"] or not one["named"]:
        return []
    lines = [f"    {words}" for words in one["named"][:NAMED]]
    more = len(one["named"]) - NAMED
    lines += [f"    and {more} more (--json names all)"] if more > 0 else []
    return ["", f"  {one['id']} {one['scope']} does not hold:", *lines]


def _since(found: dict[str, Any]) -> list[str]:
    if found["since_refused"]:
        return [found["since_refused"]]
    return (
        [f"what is as it was in the proof of {found['since']} was taken from it"]
        if found["since"]
        else []
    )
