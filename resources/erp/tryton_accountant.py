"""What an accountant does in Tryton: close a period and open it again. Never used by the pipeline.

The key belongs to a user in "Accounting Administration" and is kept apart from the poster's.
"""

from resources.erp.tryton_answers import outcomes
from resources.erp.tryton_http import TrytonClient

PERIOD, JOURNAL_PERIOD = "account.period", "account.journal.period"


class TrytonAccountant:
    """One entity's accountant."""

    def __init__(self, url: str, key: str) -> None:
        """`url` ends with the database's name."""
        self._client = TrytonClient(url, key)

    def close_period(self, reference: str) -> None:
        """Close a period. Raises ErpRejected (a draft in it blocks that), ErpUnknown."""
        with outcomes():
            self._client.act(PERIOD, reference, "close")

    def reopen_period(self, reference: str) -> None:
        """Open a closed period, and its journals, which Tryton leaves closed.

        Raises ErpRejected, ErpUnknown.
        """
        with outcomes():
            self._client.act(PERIOD, reference, "reopen")
            domain = [["period", "=", int(reference)], ["state", "=", "closed"]]
            for row in self._client.read(JOURNAL_PERIOD, domain, ("id",)):
                self._client.act(JOURNAL_PERIOD, str(row["id"]), "reopen")
