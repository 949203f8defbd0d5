"""The reassociation trace that a payer sends with the money (CAQH CORE rule 370): TRN in free text.

Only finding it is done here; matching deposits with remittances is done in the warehouse.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

# TRN*1*<TRN02, 1-50>*<TRN03, ten characters: "1" and the payer's TIN>
_WHOLE = re.compile(r"TRN\*[12]\*([^*~\\\s]{1,50})\*([0-9A-Za-z]{10})(?![0-9A-Za-z])")
_SPLIT = re.compile(r"TRN\*[12]\*([^*~\\]{1,50})\*([0-9A-Za-z]{10})")
_WITHOUT_PAYER = re.compile(r"TRN\*[12]\*([^*~\\]{1,50})(?=[~\\*]|$)")


def find_trace(parts: Sequence[str]) -> tuple[str | None, str | None]:
    """Return (TRN02, TRN03) of the first TRN in a text that came in parts; None where absent.

    Parts are tried with a blank between them and, because banks cut at a record's length, without.
    """
    spaced, joined = " ".join(parts), "".join(parts)
    for pattern, text in ((_WHOLE, spaced), (_WHOLE, joined), (_SPLIT, joined)):
        if found := pattern.search(text):
            return found[1].strip() or None, found[2]
    found = _WITHOUT_PAYER.search(joined)
    return (found[1].strip() or None, None) if found else (None, None)
