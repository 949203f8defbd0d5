"""What an ERP offers beyond the protocol that tells which of its documents changed.

Not every ERP does: `Capabilities.tells_changes` says so, and those that do not are read whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, runtime_checkable

from billing.ledger.erp import ErpLine


@dataclass(frozen=True)
class ErpChange:
    """A posted document and the moment of its last change, by the clock of the ERP, in UTC."""

    reference: str
    key: str  # of our entry; empty or unknown for a third-party line
    changed_at: datetime


@runtime_checkable
class TellsChanges(Protocol):
    """An ERP that lists posted documents by the moment of their last change."""

    def changes(self, entity: str, since: datetime | None) -> list[ErpChange]:
        """List posted documents entered or changed at or after a moment; all without one.

        Raises ErpUnknown.
        """

    def lines_of(
        self, entity: str, accounts: Sequence[str], since: date, references: Sequence[str]
    ) -> list[ErpLine]:
        """List the posted lines of these documents on these accounts, dated on or after `since`.

        Raises ErpUnknown.
        """
