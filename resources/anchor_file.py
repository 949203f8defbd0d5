"""The file of anchors beside the archive: one line for each head of the audit that was kept.

Lines are only ever added. What an anchor proves is in billing/evidence/anchors.py.
"""

import os
from datetime import datetime
from pathlib import Path

from billing.evidence.anchors import as_line, of_lines


def keep(path: Path, anchor: str, now: datetime) -> bool:
    """Add an anchor, unless it is the newest one; return whether it was added.

    A line that a crash left half written is ended first: it is found when the file is read.
    """
    content = path.read_text(encoding="ascii", errors="replace") if path.exists() else ""
    if content.endswith(f" {anchor}\n"):
        return False
    start = "" if not content or content.endswith("\n") else "\n"
    place = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(place, f"{start}{as_line(anchor, now)}".encode())
        os.fsync(place)
    finally:
        os.close(place)
    return True


def kept(path: Path) -> tuple[list[str], list[int]]:
    """The anchors of the file, oldest first, and the numbers of lines that are no anchors."""
    if not path.exists():
        return [], []
    return of_lines(path.read_text(encoding="ascii", errors="replace"))
