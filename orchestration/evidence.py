"""`tieout evidence`: gathers what a pack needs from outside the ledger, and has it written.

The proof is worked out first; the pack is of one state of the database, and of the same one.
"""

import getpass
import hashlib
import importlib.metadata
import io
import json
import subprocess
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import psycopg

from billing.evidence import form
from orchestration import prove
from orchestration.errors import ExpectedError
from orchestration.prove_watch import Watch
from resources.archive import Archive
from resources.code_identity import identity
from resources.evidence_pack import Asked, LedgerMovedError, Sample, Written, write
from resources.evidence_place import refuse_what_is_there
from resources.settings import Settings
from resources.warehouse import builds
from resources.warehouse.database import connect
from resources.warehouse.evidence import Scope
from resources.warehouse.ledger import audit_head

ROOT = Path(__file__).parents[1]
CODE_FOLDERS = ("billing", "resources", "assets", "sensors", "orchestration", "dbt_project",
                "governance")  # fmt: skip
CODE_ENDINGS = {".py", ".sql", ".yml", ".yaml", ".csv"}
MAY_READ = "select session_user::text, has_table_privilege('raw.claim', 'select')"


class EvidenceError(ExpectedError):
    """A pack cannot be made as it was asked for; the text says why."""


@dataclass(frozen=True)
class Request:
    """What a person asks for. `entity` None is every entity; `made_at` is the time it states.

    `with_rebuild` works T15 out too, which rebuilds everything from the archive.
    """

    first: date
    last: date
    entity: str | None
    folder: Path
    made_at: datetime
    with_files: bool = False
    sample: Sample | None = None
    with_rebuild: bool = False


def refuse_existing(folder: Path) -> None:
    """Refuse a place where something is already, before any work. Raises EvidenceError."""
    try:
        refuse_what_is_there(folder.absolute())
    except FileExistsError as error:
        raise EvidenceError(f"no pack was made: {error}") from None


def make(
    settings: Settings,
    request: Request,
    proof: Mapping[str, Any] | None = None,
    watch: Watch | None = None,
) -> Written:
    """Write the pack. `proof` is what `prove.gather` gives; it is worked out unless given.

    Raises EvidenceError: an unknown entity, something at the place, no right to the archive, or a
    ledger that moved between the proof and the pack.
    """
    refuse_existing(request.folder)
    with closing(connect(settings.database, "auditor")) as connection:
        scope = _scope(connection, request)
        head = audit_head(connection)
        connection.rollback()  # the pack is of a later state, or of this one
        reader = _archive_reader(settings) if request.with_files else None
        found = proof or prove.gather(
            settings, prove.Asked(with_rebuild=request.with_rebuild), watch
        )
        asked = Asked(
            scope=scope,
            made_at=request.made_at,
            hash_key=settings.hash_key,
            tie_outs=[_row(one) for one in found["tie_outs"]],
            left_out=found["left_out"],
            copies=policy_files(),
            texts=code_identity(),
            sample=request.sample,
            archive=Archive(settings.archive_folder) if reader else None,
            archive_reader=reader,
            head=head,
        )
        try:
            return write(connection, request.folder.absolute(), asked)
        except (FileExistsError, LedgerMovedError) as error:
            raise EvidenceError(f"no pack was made: {error}") from None


def _scope(connection: psycopg.Connection[Any], request: Request) -> Scope:
    known = builds.entities(connection)
    if request.entity is not None and request.entity not in known:
        raise EvidenceError(f"not an entity: {request.entity}; there are {', '.join(known)}")
    entities = [request.entity] if request.entity else known
    return Scope(request.first, request.last, tuple(entities))


def _archive_reader(settings: Settings) -> str:
    """Who reads the archive: an operating system user with the login of a role that reads raw."""
    with closing(connect(settings.database, "ingest")) as connection:
        row = connection.execute(MAY_READ).fetchone()
    if row is None or not row[1]:
        raise EvidenceError("--with-files needs a login that may read patient data")
    return f"{getpass.getuser()} as {row[0]}"


def _row(one: Mapping[str, Any]) -> tuple[object, ...]:
    return (one["id"], one["scope"], one["title"], one["left"], one["right"], one["difference"],
            one["breaks"], one["holds"])  # fmt: skip


def policy_files() -> dict[str, Path]:
    """The posting rules, chart, code classes and policy files by their name in the pack."""
    seeds = {f"rules/seeds/{one.name}": one for one in ROOT.glob("dbt_project/seeds/*.csv")}
    policy = {f"rules/governance/{one.name}": one for one in ROOT.glob("governance/*.yaml")}
    return {**seeds, **policy}


def code_identity() -> dict[str, bytes]:
    """What the code is: version, git commit, and a hash over the hash of every source file."""
    listed = [
        (path.relative_to(ROOT).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest())
        for folder in CODE_FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.suffix in CODE_ENDINGS and path.is_file()
    ]
    text = io.StringIO()
    form.write_table(text, ("path", "sha256"), sorted(listed))
    files = text.getvalue().encode()
    running = identity()
    facts = {
        "version": importlib.metadata.version("tieout"),
        "git_commit": _git("rev-parse", "HEAD"),
        "has_uncommitted_changes": bool(_git("status", "--porcelain", "--", *CODE_FOLDERS)),
        "content_hash": hashlib.sha256(files).hexdigest(),
        "rule_set_hash": running.rule_set_hash,
        "code_hash": running.code_hash,
    }
    return {
        "rules/code_files.csv": files,
        "rules/code.json": (json.dumps(facts, indent=2) + "\n").encode(),
    }


def _git(*words: str) -> str | None:
    """What git says of the source folder; None where it is no checkout, or there is no git."""
    if not (ROOT / ".git").exists():
        return None
    try:
        found = subprocess.run(
            ["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()
