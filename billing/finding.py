"""What is wrong with a received file: the place and the rule, never a value of the document.

A module of its own, without arrow, as commands that show findings or excerpts start with it.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a file, without any value of the document.

    `segment` is the 1-based ordinal of the segment, record or line (0: the file as a whole);
    `amount` is the control measure of the record that the finding keeps from posting.
    """

    code: str
    severity: Severity
    segment: int
    rule: str
    message: str
    amount: Decimal | None = None
    record_kind: str = "file"
