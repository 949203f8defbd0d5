"""Writes an evidence pack: a folder, a .tar of it, its manifest, its verifier.

What is in it is asked for in warehouse/evidence.py, how it looks is billing/evidence/form.py. The
same state gives the same bytes; the time of making is a parameter.
"""

import csv
import hashlib
import json
import re
import shutil
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from billing.evidence import form, verifier
from billing.keys import keyed_hash
from resources.archive import Archive
from resources.evidence_place import refuse_what_is_there
from resources.warehouse import evidence
from resources.warehouse.ledger import AuditHead

FILES, SIGHTINGS = "inputs/files.csv", "inputs/sightings.csv"
SAMPLE = "sample/entries.csv"
TIE_OUT_COLUMNS = ("id", "scope", "title", "left_amount", "right_amount", "difference_amount",
                   "breaks", "holds")  # fmt: skip
# Names that our own connectors make from the kind of a list and its month; others come from outside
# and may name a patient.
OWN_NAMES = {
    "payments": re.compile(
        r"(charges|refunds|payouts|balance_transactions)-[0-9]{4}-[0-9]{2}\.json"
    ),
    "ehr": re.compile(r"(Patient|Encounter|Coverage|ChargeItem|OperationOutcome)-[0-9]+\.ndjson"),
}


class LedgerMovedError(Exception):
    """Somebody acted on the ledger meanwhile: a pack would not be of one state."""


@dataclass(frozen=True)
class Sample:
    """How many entries to draw; without a seed the head of the audit chain is one."""

    size: int
    seed: str | None = None


@dataclass(frozen=True)
class Asked:
    """Everything that decides what a pack says, beside the state of the database.

    `tie_outs` are rows of TIE_OUT_COLUMNS; `copies` are policy files by their name in the pack;
    `texts` are generated files; an `archive` puts the received bytes, patient data, into the pack;
    `head` is the audit's when the tie-outs were worked out.
    """

    scope: evidence.Scope
    made_at: datetime
    hash_key: bytes = field(repr=False)
    tie_outs: Sequence[Sequence[object]]
    left_out: Sequence[str] = ()
    copies: Mapping[str, Path] = field(default_factory=dict)
    texts: Mapping[str, bytes] = field(default_factory=dict)
    sample: Sample | None = None
    archive: Archive | None = None
    archive_reader: str | None = None
    head: AuditHead | None = None


@dataclass(frozen=True)
class Written:
    """Where the pack is, its head hash, the anchor of its audit chain, and its files."""

    folder: Path
    tar: Path
    head: str
    anchor: str
    files: tuple[form.PackedFile, ...]


def write(connection: psycopg.Connection[Any], folder: Path, asked: Asked) -> Written:
    """Write the pack as `folder` and `folder`.tar, whole or not at all.

    Raises FileExistsError where either is there already (a pack is never written over), and
    LedgerMovedError where the audit has another head than the tie-outs are of.
    """
    tar = refuse_what_is_there(folder)
    partial = folder.with_name(f".{folder.name}.partial")
    partial.mkdir(mode=0o700, parents=True)
    try:
        with evidence.snapshot(connection) as facts:
            _refuse_another_state(asked, facts)
            writer = _Writer(partial, [])
            population = _tables(connection, writer, asked, facts)
        _rest(writer, asked, facts)
        head = _seal(writer, asked, facts, population)
        partial.replace(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    _pack(folder, tar, asked.made_at)
    return Written(folder, tar, head, facts.head.anchor, tuple(writer.files))


def _refuse_another_state(asked: Asked, facts: evidence.Facts) -> None:
    if asked.head not in {None, facts.head}:
        raise LedgerMovedError("the ledger moved since the tie-outs were worked out")


@dataclass(frozen=True)
class _Writer:
    """Writes files into the folder and keeps what the manifest says of them."""

    root: Path
    files: list[form.PackedFile]

    def table(
        self, path: str, what: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
    ) -> form.Tally:
        target = self._place(path)
        with target.open("w", encoding="utf-8", newline="") as text:
            tally = form.write_table(text, columns, rows)
        self._keep(path, what, tally)
        return tally

    def content(
        self, path: str, what: str, content: bytes, tally: form.Tally | None = None
    ) -> None:
        self._place(path).write_bytes(content)
        self._keep(path, what, tally)

    def _place(self, path: str) -> Path:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return target

    def _keep(self, path: str, what: str, tally: form.Tally | None) -> None:
        target = self.root / path
        with target.open("rb") as content:
            sha256 = hashlib.file_digest(content, "sha256").hexdigest()
        self.files.append(form.PackedFile(path, what, sha256, target.stat().st_size, tally))


def _tables(
    connection: psycopg.Connection[Any], writer: _Writer, asked: Asked, facts: evidence.Facts
) -> int | None:
    """Write every table of the database's state; return the population of the sample."""
    for path in evidence.TABLES:
        with evidence.read(connection, path, asked.scope) as found:
            columns, rows = found.columns, found.rows
            if path in {FILES, SIGHTINGS}:
                columns, rows = _without_names(columns, rows, asked.hash_key)
            writer.table(path, evidence.grain(path), columns, rows)
    if asked.sample is None:
        return None
    with evidence.read(connection, evidence.SAMPLE, asked.scope) as found:
        return _draw(writer, found, asked.sample.size, asked.sample.seed or facts.head.hash)


def _without_names(
    columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]], hash_key: bytes
) -> tuple[tuple[str, ...], Iterator[tuple[Any, ...]]]:
    """Names and places from outside become keyed hashes; names of our own making stay readable."""
    outside = [name for name in ("name", "location") if name in columns]
    kept = tuple(name for name in columns if name not in outside)

    def changed() -> Iterator[tuple[Any, ...]]:
        for row in rows:
            cells = dict(zip(columns, row, strict=True))
            hashes = tuple(keyed_hash(cells[name], hash_key) for name in outside)
            yield (*(cells[name] for name in kept), *hashes, _own(cells["source"], cells["name"]))

    return (*kept, *(f"{name}_hash" for name in outside), "name_given"), changed()


def _own(source: str, name: str) -> str | None:
    pattern = OWN_NAMES.get(source)
    return name if pattern and pattern.fullmatch(name) else None


def _draw(writer: _Writer, found: evidence.Found, size: int, seed: str) -> int:
    entries = {row[0]: row for row in found.rows}
    drawn = form.draw(((row[0], row[1]) for row in entries.values()), size, seed)
    rows = [(rank, ticket, *entries[entry_id]) for rank, entry_id, ticket in drawn]
    columns = ("rank", "ticket", *found.columns)
    writer.table(SAMPLE, evidence.grain(evidence.SAMPLE), columns, rows)
    return len(entries)


def _rest(writer: _Writer, asked: Asked, facts: evidence.Facts) -> None:
    """Write what is not a query: head, tie-outs, policy files, archived files, the verifier."""
    head = json.dumps({"seq": facts.head.seq, "hash": facts.head.hash}) + "\n"
    writer.content("audit/head.json", "The head of the audit chain.", head.encode())
    what = "One row per tie-out and scope, worked out when the pack was made, with both sides."
    writer.table("tie_outs/tie_outs.csv", what, TIE_OUT_COLUMNS, asked.tie_outs)
    for path, source in sorted(asked.copies.items()):
        content = source.read_bytes()
        tally = form.count_rows(content) if path.endswith(".csv") else None
        writer.content(path, "A policy file, byte by byte as it is in force.", content, tally)
    for path, content in sorted(asked.texts.items()):
        tally = form.count_rows(content) if path.endswith(".csv") else None
        writer.content(
            path, "What the code is that made the entries and this pack.", content, tally
        )
    if asked.archive is not None:
        _archived(writer, asked.archive)
    writer.content("verify.py", "The verifier; needs Python and nothing else.",
                   verifier.source().encode())  # fmt: skip
    writer.content("README.md", "What the pack is and how to verify it.", _readme(writer, asked))


def _archived(writer: _Writer, archive: Archive) -> None:
    """Copy the received bytes of every listed file. Raises ArchiveDamagedError on a changed one."""
    what = "A received file, byte by byte: PATIENT DATA."
    with (writer.root / FILES).open(encoding="utf-8", newline="") as text:
        for row in csv.DictReader(text):
            content = archive.read(row["sha256"])
            writer.content(f"inputs/archive/{row['sha256']}", what, content)


def _seal(writer: _Writer, asked: Asked, facts: evidence.Facts, population: int | None) -> str:
    """Write the manifest and the hash over it; return that hash."""
    sample = asked.sample and {
        "size": asked.sample.size,
        "seed": asked.sample.seed or facts.head.hash,
        "population": population,
    }
    parameters = {
        "period_start": asked.scope.first.isoformat(),
        "period_end": asked.scope.last.isoformat(),
        "entities": list(asked.scope.entities),
        "as_of_date": facts.as_of_date.isoformat(),
        "build_id": facts.build_id,
        "made_by": facts.made_by,
        "made_at": asked.made_at.isoformat(),
        "with_files": asked.archive is not None,
        "files_read_by": asked.archive_reader,
        "sample": sample,
    }
    stated = {
        "audit_head": {"seq": facts.head.seq, "hash": facts.head.hash},
        "tie_outs_left_out": list(asked.left_out),
    }
    content = form.manifest(parameters, stated, writer.files)
    (writer.root / form.MANIFEST).write_bytes(content)
    (writer.root / form.HEAD).write_bytes(form.head_line(content))
    return hashlib.sha256(content).hexdigest()


def _pack(folder: Path, tar: Path, made_at: datetime) -> None:
    """A .tar with names in order, one time and no owner: the same pack gives the same bytes."""
    partial = tar.with_name(f".{tar.name}.partial")
    with tarfile.open(partial, "w", format=tarfile.USTAR_FORMAT) as target:
        for path in sorted(one for one in folder.rglob("*") if one.is_file()):
            info = tarfile.TarInfo(f"{folder.name}/{path.relative_to(folder).as_posix()}")
            info.size, info.mtime, info.mode = path.stat().st_size, int(made_at.timestamp()), 0o600
            with path.open("rb") as content:
                target.addfile(info, content)
    partial.chmod(0o600)
    partial.replace(tar)


def _readme(writer: _Writer, asked: Asked) -> bytes:
    scope = asked.scope
    patient = (
        "This pack holds the received files themselves: PATIENT DATA. Keep it as you keep those."
        if asked.archive is not None
        else "This pack names no patient: keys of claims and accounts are keyed hashes."
    )
    proof = "Every tie-out was worked out, T15 (the ledger anew from the archive) among them."
    if asked.left_out:
        proof = f"Not worked out: {', '.join(asked.left_out)}; `tieout evidence --prove` does it."
    listed = [f"- `{one.path}`: {one.what}" for one in sorted(writer.files, key=lambda f: f.path)
              if not one.path.startswith("inputs/archive/")]  # fmt: skip
    lines = [
        f"# Evidence of {scope.first} to {scope.last}, {', '.join(scope.entities)}",
        "",
        f"{patient} {proof}",
        "",
        "Verify: `python -I verify.py`, or `sha256sum -c MANIFEST.sha256` for the manifest alone.",
        "With `--anchor SEQ:HASH` (a head of the audit chain that was written down elsewhere) a",
        "chain that was rebuilt or cut off is found too, and with `--head HASH` another pack.",
        "An empty cell is null; a leading backslash is not part of a text; times are UTC.",
        "",
        *listed,
    ]
    return ("\n".join(lines) + "\n").encode()
