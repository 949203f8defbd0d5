"""What names a rule set: one hash over the hashes of its files. No file is read here.

Who released it is kept by the database (`ledger.rule_release`), which works the same hash out.
"""

import hashlib
from collections.abc import Mapping


def files_hash(files: Mapping[str, str]) -> str:
    """Return the SHA-256 over one line per file, `path sha256`, in order of the paths (ASCII)."""
    lines = [f"{path} {files[path]}" for path in sorted(files)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """Return what became of each file that is not the same: added, changed or gone."""
    found = {}
    for path in sorted({*before, *after}):
        if before.get(path) != after.get(path):
            word = "changed" if path in before and path in after else None
            found[path] = word or ("added" if path in after else "gone")
    return found
