"""Logs of the servers that `tieout up` keeps: one file each, and the one before it, never larger.

A server holds its log open for as long as it lives and appends, so the file is copied and emptied;
lines of the moment between the two are lost, and nothing is ever read back from a log.
"""

import shutil
from pathlib import Path

MOST_BYTES = 5_000_000


def rotate(folder: Path, most_bytes: int = MOST_BYTES) -> list[Path]:
    """Put each log that has grown too large aside as NAME.log.1; return those logs."""
    large = [one for one in sorted(folder.glob("*.log")) if one.stat().st_size > most_bytes]
    for log in large:
        shutil.copyfile(log, log.with_name(f"{log.name}.1"))
        with log.open("r+b") as file:
            file.truncate()
    return large
