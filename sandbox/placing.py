"""Putting a user's own files on the SFTP server in place of the invented ones."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from sandbox.tallies import ACH, REMITTANCES, SENT, STATEMENTS

ONE_HOUR = 3_600
LONGEST_NAME = 200
NACHA_RECORD = 94
SNIFFED_BYTES = 4_096


def place_files(folder: Path, root: Path) -> int:
    """Copy every regular file below a folder to the SFTP root, and return how many there are.

    The content decides where a file goes; its relative path becomes its name. Raises
    NotADirectoryError when there is no such folder.
    """
    if not folder.is_dir():
        raise NotADirectoryError(f"no such folder: {folder}")
    make_folders(root)
    count = 0
    latest = time.time() - ONE_HOUR
    for path in _regular_files(folder):
        place = _free_place(root / sniff(path), _flat_name(path.relative_to(folder)))
        shutil.copyfile(path, place)
        modified = min(path.stat().st_mtime, latest)
        os.utime(place, (modified, modified))
        count += 1
    return count


def make_folders(root: Path) -> None:
    """Make the folders that a clearinghouse and a bank offer."""
    for folder in (SENT, REMITTANCES, STATEMENTS, ACH):
        (root / folder).mkdir(parents=True, exist_ok=True)


def sniff(path: Path) -> str:
    """Return the folder for a file by its first bytes; what is neither BAI2 nor NACHA is X12's."""
    with path.open("rb") as file:
        start = file.read(SNIFFED_BYTES).removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"01,"):
        return STATEMENTS
    first_line = start.splitlines()[0] if start else b""
    is_unbroken = len(first_line) > NACHA_RECORD and first_line[NACHA_RECORD:].startswith(b"5")
    if first_line.startswith(b"101 ") and (len(first_line) == NACHA_RECORD or is_unbroken):
        return ACH
    return REMITTANCES


def _regular_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path


def _flat_name(relative: Path) -> str:
    name = "__".join(relative.parts)
    encoded = os.fsencode(name)
    if len(encoded) <= LONGEST_NAME:
        return name
    digest = hashlib.sha256(encoded).hexdigest()[:12]
    return f"{digest}__{os.fsdecode(encoded[-(LONGEST_NAME - 20) :])}"


def _free_place(folder: Path, name: str) -> Path:
    place, number = folder / name, 1
    while place.exists():
        number += 1
        place = folder / f"{name}~{number}"
    return place
