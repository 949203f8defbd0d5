"""Prints the score of `make mutation`: killed of tried mutants for each package and each module.

mutmut keeps the exit code of each mutant beside its copy of the sources; this reads them. Without
a verdict are mutants that the pattern left out. A time-out counts as killed: the suite ended it.
"""

import json
import sys
from collections import Counter
from pathlib import Path

from mutmut.stats import status_by_exit_code

MUTANTS = Path(__file__).parents[2] / "mutants"
KILLED = ("killed", "timeout", "segfault")


def verdicts(folder: Path) -> dict[str, Counter[str]]:
    """Return how many mutants of each module ended how."""
    found: dict[str, Counter[str]] = {}
    for path in sorted(folder.rglob("*.py.meta")):
        codes = json.loads(path.read_text())["exit_code_by_key"].values()
        module = path.relative_to(folder).as_posix().removesuffix(".py.meta")
        found[module] = Counter(status_by_exit_code[code] for code in codes if code is not None)
    return {module: ended for module, ended in found.items() if ended}


def rows(by_module: dict[str, Counter[str]]) -> list[tuple[str, int, int]]:
    """Return (name, killed, tried) of each package, then of each of its modules."""
    packages: dict[str, Counter[str]] = {}
    for module, ended in by_module.items():
        packages.setdefault(module.rsplit("/", 1)[0], Counter()).update(ended)
    counted = {**packages, **by_module, "all": sum(packages.values(), Counter())}
    return [
        (name, sum(ended[word] for word in KILLED), ended.total())
        for name, ended in sorted(counted.items())
    ]


def main() -> int:
    """Print the table; fail when there is nothing to count."""
    counted = rows(verdicts(Path(sys.argv[1]) if len(sys.argv) > 1 else MUTANTS))
    for name, killed, tried in counted:
        if tried:
            sys.stdout.write(f"{name:32} {killed:5} of {tried:5}  {100 * killed / tried:5.1f} %\n")
    return 0 if any(tried for _, _, tried in counted) else 1


if __name__ == "__main__":
    sys.exit(main())
