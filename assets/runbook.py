"""What to do about a code: the rows of the runbook's tables, for run metadata and pages.

The runbook is the one place where advice is written; nothing is said here.
"""

from functools import cache
from pathlib import Path

RUNBOOK = Path(__file__).parents[1] / "docs" / "runbook.md"
PAGE = "docs/runbook.md"


@cache
def _rows() -> dict[str, str]:
    """Advice by code: the last cell of each table row whose first cell names codes."""
    found: dict[str, str] = {}
    for line in RUNBOOK.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and len(cells) >= 2:
            found |= {code.strip(): cells[-1] for code in cells[0].split(",")}
    return found


def advice(code: str) -> str:
    """Return what the runbook says to do about a code; where it says nothing, where to look."""
    return _rows().get(code) or f"see {PAGE}"
