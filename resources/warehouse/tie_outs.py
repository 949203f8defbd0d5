"""The tie-outs: identities that hold to the cent between two independent sums.

One SQL file each under `tie_out_sql/`; a build keeps their outcome, `tieout prove` runs them again,
and those that no posting has to wait for (phase `prove`) are run by it alone.
Nothing here decides what a failing one means: the certificate does.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import psycopg
from psycopg.rows import dict_row

Phase = Literal["build", "post", "prove"]
_FOLDER = Path(__file__).parent / "tie_out_sql"


@dataclass(frozen=True)
class TieOut:
    """One identity: its number, what it says, when it is evaluated and the file that states it."""

    id: str
    title: str
    phase: Phase
    sql_file: str

    @property
    def sql(self) -> str:
        """Return the query; its rows are scope, left_amount, right_amount, breaks."""
        return (_FOLDER / self.sql_file).read_text(encoding="utf-8")


@dataclass(frozen=True)
class TieOutResult:
    """Both sides of one identity within one scope (USD, or files for T1), and its breaks.

    `breaks` counts single records that do not hold although the sums may agree; `named` says which
    they are, where that can be said without a value of a document.
    """

    id: str
    scope: str
    left: Decimal
    right: Decimal
    breaks: int
    named: tuple[str, ...] = ()

    @property
    def difference(self) -> Decimal:
        """Return left less right."""
        return self.left - self.right

    @property
    def holds(self) -> bool:
        """Say whether the sums agree to the cent and no single record breaks the identity."""
        return self.difference == 0 and self.breaks == 0


def stopped(number: str, words: str) -> TieOutResult:
    """Return a tie-out that could not be worked out: broken, by what stopped it."""
    return TieOutResult(number, "not worked out", Decimal(0), Decimal(0), 1, (words,))


TIE_OUTS: tuple[TieOut, ...] = (
    TieOut("T1", "files written back equal the archive", "build", "t01_files_reserialised.sql"),
    TieOut("T3", "line: SVC02 - CAS = SVC03", "build", "t03_line_balance.sql"),
    TieOut("T4", "claim: CLP03 - all CAS = CLP04", "build", "t04_claim_balance.sql"),
    TieOut("T5", "remittance: BPR02 = CLP04 - PLB", "build", "t05_payment_balance.sql"),
    TieOut("T6", "every record has one decision", "build", "t06_one_decision.sql"),
    TieOut("T7", "payer clearing by trace", "build", "t07_remittance_clearing.sql"),
    TieOut("T8", "receivables roll forward", "build", "t08_roll_forward.sql"),
    TieOut("T9", "sub-ledger equals the ERP's balances", "post", "t09_general_ledger.sql"),
    TieOut("T10", "entries balance, chain and numbers hold", "build", "t10_balanced_entries.sql"),
    TieOut("T11", "bank statement = cash + open lines", "prove", "t11_bank_statement.sql"),
    TieOut("T12", "recoupments by their references", "build", "t12_recoupments.sql"),
    TieOut("T13", "unapplied and credits are item lists", "build", "t13_item_lists.sql"),
    TieOut("T13", "unapplied and credits are item lists", "prove", "t13_suspense.sql"),
    TieOut("T14", "documents read back equal", "post", "t14_documents_read_back.sql"),
)

# Two need more than a query: they read the archive again.
OTHER_TITLES = {
    "T2": "control numbers and counts of the bytes",
    "T15": "ledger built anew from the archive",
}


def evaluate(connection: psycopg.Connection[Any], phase: Phase | None = None) -> list[TieOutResult]:
    """Evaluate the tie-outs of a phase (all without one), in order of their numbers."""
    chosen = [tie_out for tie_out in TIE_OUTS if phase in (None, tie_out.phase)]
    return [result for tie_out in chosen for result in evaluate_one(connection, tie_out)]


def evaluate_one(connection: psycopg.Connection[Any], tie_out: TieOut) -> Iterator[TieOutResult]:
    """Evaluate one tie-out in each of its scopes."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(tie_out.sql.encode()).fetchall()
    for row in rows:
        yield TieOutResult(
            tie_out.id,
            row["scope"],
            Decimal(row["left_amount"]),
            Decimal(row["right_amount"]),
            int(row["breaks"]),
        )
