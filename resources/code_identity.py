"""Which rules and which code this process runs, by content: no git is asked, there may be none.

The hash itself is in billing/governance/release.py. Nothing is read before somebody asks.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from billing.governance.release import files_hash

ROOT = Path(__file__).parents[1]
SEEDS, GOVERNANCE = "dbt_project/seeds", "governance"
PROGRAM = ("billing", "resources", "assets", "sensors", "orchestration")
MODELS = ("dbt_project",)
ENDINGS = frozenset({".py", ".sql", ".yml", ".template"})
# Made by tools, not by us; so are files with a dot in front.
MADE = frozenset({"target", "logs", "dbt_packages", "__pycache__"})


@dataclass(frozen=True)
class Identity:
    """SHA-256 of each file by its path: of the rule set, and of the code."""

    rules: Mapping[str, str]
    code: Mapping[str, str]

    @property
    def rule_set_hash(self) -> str:
        """Return what names the rules: posting rules, code classes, maps and policy."""
        return files_hash(self.rules)

    @property
    def code_hash(self) -> str:
        """Return what names the code: the package's modules, database, models and macros."""
        return files_hash(self.code)


def identity(governance: Path | None = None, root: Path = ROOT) -> Identity:
    """Return what runs here now, with the policy files of another folder where one is named.

    Modules are loaded once, so they are read once per process; rules and models are read by each
    run, and here each time. Raises OSError where a file cannot be read.
    """
    seeds = {f"{SEEDS}/{path.name}": path for path in (root / SEEDS).glob("*.csv")}
    policy = (governance or root / GOVERNANCE).glob("*.yaml")
    rules = {**seeds, **{f"{GOVERNANCE}/{path.name}": path for path in policy}}
    return Identity(
        {name: _sha256(path) for name, path in rules.items()},
        {**_program(root), **dict(_hashes(root, MODELS))},
    )


@cache
def _program(root: Path) -> Mapping[str, str]:
    return dict(_hashes(root, PROGRAM))


def _hashes(root: Path, folders: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for folder in folders:
        for path in (root / folder).rglob("*"):
            place = path.relative_to(root)
            is_ours = MADE.isdisjoint(place.parts) and not path.name.startswith(".")
            if path.suffix in ENDINGS and is_ours and path.is_file():
                yield place.as_posix(), _sha256(path)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
