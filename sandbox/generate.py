"""Making a sandbox folder: the world, its answer key, then the files.

`python -m sandbox.generate --out DIR` writes DIR/sftp, DIR/fhir, DIR/cards and DIR/answer_key.json.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path

from sandbox import render_835, render_837, render_bank
from sandbox.acknowledgements import answers, rejections
from sandbox.answers import FILE_NAME, AnswerKey, make_answer_key
from sandbox.days import instant
from sandbox.faults import WorldTooSmallError, again_name, other_name
from sandbox.render_acknowledgements import acknowledgement_name, render_acknowledgements
from sandbox.render_cards import render_lists
from sandbox.render_fhir import render_resources
from sandbox.tallies import (
    ACH,
    REMITTANCES,
    STATEMENTS,
    ach_by_day,
    claims_by_file,
    remittances_by_file,
)
from sandbox.world import DEFAULT_AS_OF, DEFAULT_CLAIMS, DEFAULT_SEED, World, make_world

NEW_ENVELOPE = 70_000
RECENT_SECONDS = 3_600


@dataclass(frozen=True)
class RenderedFile:
    """One file under the sandbox folder, with its business date."""

    path: str
    content: bytes
    day: date


def generate(seed: int, claims: int, as_of: date, out: Path) -> AnswerKey:
    """Make a sandbox in a folder; the same arguments give the same bytes.

    Replaces what an earlier run made; the answer key is written last, so that it tells a whole
    sandbox. Raises WorldTooSmallError for too few claims.
    """
    world = make_world(seed, claims, as_of)
    key = make_answer_key(world, claims)
    out.mkdir(parents=True, exist_ok=True)
    (out / FILE_NAME).unlink(missing_ok=True)
    for folder in ("sftp", "fhir", "cards"):
        shutil.rmtree(out / folder, ignore_errors=True)
    latest = time.time() - RECENT_SECONDS
    for file in render(world):
        _write(out, file, latest)
    key.write(out)
    return key


def _write(out: Path, file: RenderedFile, latest: float) -> None:
    path = out / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file.content)
    modified = min(instant(file.day, 6).timestamp(), latest)
    os.utime(path, (modified, modified))


def render(world: World) -> Iterator[RenderedFile]:
    """Yield every file of the sandbox."""
    yield from _claims(world)
    yield from _acknowledgements(world)
    yield from _remittances(world)
    yield from _bank(world)
    for kind, content in render_resources(world).items():
        yield RenderedFile(f"fhir/{kind}.ndjson", content, world.as_of)
    for kind, items in render_lists(world.cards, world.as_of).items():
        content = (json.dumps(items, indent=0) + "\n").encode("ascii")
        yield RenderedFile(f"cards/{kind}.json", content, world.as_of)


def _claims(world: World) -> Iterator[RenderedFile]:
    for control, (path, claims) in enumerate(claims_by_file(world.stories.sent).items(), 1):
        content = render_837.render_file(claims, control)
        yield RenderedFile(f"sftp/{path}", content, claims[0].sent)


def _acknowledgements(world: World) -> Iterator[RenderedFile]:
    turned_down = {error.account for error in rejections(world.stories, world.as_of)}
    for number, answered in enumerate(answers(world.stories, world.as_of), 1):
        content = render_acknowledgements(answered, turned_down, number)
        name = acknowledgement_name(answered.day)
        yield RenderedFile(f"sftp/{REMITTANCES}/{name}", content, answered.day)


def _remittances(world: World) -> Iterator[RenderedFile]:
    planted = world.planted
    files = remittances_by_file(planted.remittances)
    for control, (path, items) in enumerate(files.items(), 1):
        day, name = items[0].payment_date, items[0].file_name
        content = render_835.render_file(items, control)
        yield RenderedFile(f"sftp/{path}", content, day)
        if name == planted.copied_file:
            yield RenderedFile(f"sftp/{REMITTANCES}/{other_name(name)}", content, day)
        if name == planted.enveloped_again_file:
            again = render_835.render_file(items, NEW_ENVELOPE + control, 501)
            yield RenderedFile(f"sftp/{REMITTANCES}/{again_name(name)}", again, day)


def _bank(world: World) -> Iterator[RenderedFile]:
    by_day = groupby(world.statements, key=lambda statement: statement.day)
    for number, (day, statements) in enumerate(by_day, 1):
        content = render_bank.render_statements(day, list(statements), number)
        yield RenderedFile(f"sftp/{STATEMENTS}/{render_bank.statement_name(day)}", content, day)
    for number, (day, lines) in enumerate(ach_by_day(world.bank_lines).items(), 1):
        content = render_bank.render_ach(day, lines, number)
        yield RenderedFile(f"sftp/{ACH}/{render_bank.ach_name(day)}", content, day)


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.generate", description=__doc__)
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    parser.add_argument("--claims", type=int, default=DEFAULT_CLAIMS)
    parser.add_argument("--as-of", type=date.fromisoformat, default=DEFAULT_AS_OF)
    parser.add_argument("--out", type=Path, required=True)
    chosen = parser.parse_args(arguments)
    try:
        key = generate(chosen.seed, chosen.claims, chosen.as_of, chosen.out)
    except WorldTooSmallError as error:
        parser.error(str(error))
    count = len(key.files)
    sys.stdout.write(f"{count} files, {len(key.planted_errors)} planted errors\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
