"""What the clearinghouse and the payers answer to claims sent: a 999 for each group, a 277CA for
each transaction, both on the next day. One claim that nobody has decided is rejected.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from sandbox.faults import PlantedError
from sandbox.places import FACILITIES, Facility
from sandbox.stories import ClaimSent, Stories
from sandbox.tallies import claims_by_file


@dataclass(frozen=True)
class Answered:
    """The answers of one day to the files, by control number, that went out the day before."""

    day: date
    files: tuple[tuple[int, tuple[ClaimSent, ...]], ...]

    @property
    def transaction_count(self) -> int:
        """A 999 for each file and a 277CA for each of its transactions."""
        return sum(1 + len(transactions(claims)) for _, claims in self.files)


def answers(stories: Stories, as_of: date) -> list[Answered]:
    """Return the days on which something is answered, up to the as-of date."""
    by_day: dict[date, list[tuple[int, tuple[ClaimSent, ...]]]] = defaultdict(list)
    for control, claims in enumerate(claims_by_file(stories.sent).values(), 1):
        by_day[claims[0].sent + timedelta(days=1)].append((control, tuple(claims)))
    return [Answered(day, tuple(files)) for day, files in sorted(by_day.items()) if day <= as_of]


def rejections(stories: Stories, as_of: date) -> list[PlantedError]:
    """Return the claim that the payer rejects, as an error to be found: answered, never decided."""
    decided = {result.encounter.account for result in stories.results}
    waiting = [
        (claim.encounter.account, path.rpartition("/")[2], claim.encounter.billed_cents)
        for path, claims in claims_by_file(stories.sent).items()
        for claim in claims
        if claim.encounter.account not in decided
        and claim.sequence == "P"
        and claim.sent + timedelta(days=1) <= as_of
    ]
    return [
        PlantedError(
            kind="rejected_claim",
            file_name=name,
            expected_code="CLAIM_REJECTED",
            outcome="posted",
            cents=cents,
            record_kind="claim",
            account=account,
        )
        for account, name, cents in sorted(waiting)[:1]
    ]


def transactions(claims: Iterable[ClaimSent]) -> list[tuple[Facility, list[ClaimSent]]]:
    """Return the transactions of a file of claims: one per billing facility, in their order."""
    groups = [
        (facility, [claim for claim in claims if claim.encounter.facility == facility])
        for facility in FACILITIES
    ]
    return [(facility, own) for facility, own in groups if own]
