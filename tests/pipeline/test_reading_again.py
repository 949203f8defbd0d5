"""Archived files read again by several processes: the same as by one, and none stops the others."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestration import reading
from orchestration.reading import Reading, read_all
from resources.archive import Archive
from resources.warehouse.receiving import Received

pytestmark = pytest.mark.promise(
    "prove names every damage as the break of its tie-out, and the other tie-outs go on"
)
X12 = Path(__file__).parents[1] / "fixtures" / "x12" / "claim_level.835"


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """An empty archive."""
    return Archive(tmp_path / "archive")


def _received(archive: Archive, content: bytes, name: str) -> Received:
    stored = archive.store(content)
    return Received(
        stored.file_id, stored.sha256, "bank", name, datetime.now(UTC), needs_landing=True
    )


def _files(archive: Archive, count: int) -> list[Received]:
    texts = [_received(archive, b"text %d" % number, f"{number}.txt") for number in range(count)]
    return [_received(archive, X12.read_bytes(), "a.835"), *texts]


def _by_file(readings: object) -> dict[object, Reading]:
    return {one.file_id: one for one in readings}


def test_processes_read_what_one_process_reads(archive):
    files = _files(archive, reading.FEW)
    steps: list[int] = []
    together = _by_file(read_all(archive, files, advance=steps.append))
    alone = _by_file(read_all(archive, files[:2]))
    assert len(together) == sum(steps) == reading.FEW + 1
    assert together[files[0].file_id].transactions == 1
    assert {key: together[key] for key in alone} == alone
    assert together[files[-1].file_id].codes == {"UNRECOGNISED_FILE"}


def test_file_that_is_missing_or_altered_is_named_among_others(archive):
    files = _files(archive, 3)
    missing, altered = (archive.root / one.sha256[:2] / one.sha256 for one in files[1:3])
    missing.unlink()
    altered.chmod(0o600)
    altered.write_bytes(b"something else")
    found = _by_file(read_all(archive, files))
    assert [found[one.file_id].problem for one in files] == [
        "",
        "its archived bytes are missing",
        "its archived bytes have changed",
        "",
    ]
