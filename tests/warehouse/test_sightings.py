"""Files that wait and sources that fail are open exceptions, and are closed by themselves."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from orchestration import exceptions
from resources.archive import Archive
from resources.receipt import Receipt, Sighting, SightingKey
from resources.sftp_connection import HostKeyChangedError, SftpError
from resources.warehouse.receiving import ArchiveNotWritableError, receive, taken
from resources.warehouse.sightings import record_sightings, settle, waiting

pytestmark = pytest.mark.promise(
    "A waiting file or a failing source is an open exception that closes by itself"
)

FIRST = datetime(2026, 10, 1, 6, tzinfo=UTC)
SECOND, THIRD = FIRST + timedelta(minutes=5), FIRST + timedelta(minutes=10)
MODIFIED = datetime(2026, 9, 30, tzinfo=UTC)


@pytest.fixture
def archive(tmp_path) -> Archive:
    return Archive(tmp_path / "archive")


@pytest.fixture
def ingest(database) -> psycopg.Connection:
    return database.connect("ingest", autocommit=False)


@pytest.fixture
def listed(database):
    """What `tieout exceptions` shows: code and file."""

    def show() -> list[tuple[str, str]]:
        found = exceptions.gather(database.connect("auditor"), None)
        return [(one["code"], one["file"]) for one in found]

    return show


def key(name: str, size: int = 10) -> SightingKey:
    return SightingKey("/bank", name, size, MODIFIED)


def look(connection, at: datetime, *told: tuple[str, str, str], size: int = 10, failure=None):
    """One look at the source: what it told of, by name, outcome and reason."""
    sightings = [Sighting("bank", key(name, size), how, why) for name, how, why in told]
    record_sightings(connection, sightings, at)
    settle(connection, "bank", at, at, failure)


def take(connection, archive, name: str, at: datetime, content: bytes = b"0123456789") -> None:
    receipt = Receipt("bank", "/bank", name, content, MODIFIED)
    receive(connection, archive, receipt, at + timedelta(seconds=1), at)


def test_a_file_that_waits_is_listed_with_its_rule_until_it_is_taken(ingest, archive, listed):
    look(ingest, FIRST, ("a.bai", "waiting", "INCOMPLETE"))
    assert listed() == [("INCOMPLETE", "/bank/a.bai")]
    assert waiting(ingest, "bank")[key("a.bai")].first_seen_at == FIRST
    look(ingest, SECOND, ("a.bai", "waiting", "INCOMPLETE"))
    assert waiting(ingest, "bank")[key("a.bai")].first_seen_at == FIRST
    take(ingest, archive, "a.bai", THIRD)
    settle(ingest, "bank", THIRD, THIRD)
    assert listed() == []
    assert key("a.bai") in taken(ingest, "bank")


def test_a_file_that_has_grown_closes_the_line_of_its_smaller_self(ingest, archive, listed):
    look(ingest, FIRST, ("a.bai", "waiting", "STILL_CHANGING"), size=5)
    take(ingest, archive, "a.bai", SECOND)
    settle(ingest, "bank", SECOND, SECOND)
    assert listed() == []


def test_a_file_renamed_after_its_upload_closes_its_line(ingest, archive, listed):
    look(ingest, FIRST, ("a.bai.part", "waiting", "TEMPORARY_NAME"))
    look(ingest, SECOND, ("b.bai", "failed", "VANISHED"))
    assert listed() == [("VANISHED", "/bank/b.bai")]
    take(ingest, archive, "c.bai", THIRD)
    settle(ingest, "bank", THIRD, THIRD)
    assert listed() == []


def test_a_file_deleted_before_it_was_taken_stays_listed(ingest, archive, listed):
    look(ingest, FIRST, ("a.bai", "waiting", "INCOMPLETE"))
    take(ingest, archive, "other.bai", FIRST)  # as large and as old, and not the same
    settle(ingest, "bank", FIRST, FIRST)
    for at in (SECOND, THIRD):
        look(ingest, at)
        assert listed() == [("VANISHED", "/bank/a.bai")]


def test_what_is_no_file_is_listed_while_it_is_there(ingest, listed):
    look(ingest, FIRST, ("link", "failed", "NOT_A_REGULAR_FILE"), ("", "failed", "FOLDER_MISSING"))
    assert sorted(listed()) == [("FOLDER_MISSING", "/bank/"), ("NOT_A_REGULAR_FILE", "/bank/link")]
    look(ingest, SECOND)
    assert listed() == []


def test_a_source_that_fails_is_one_line_that_closes_when_it_is_back(ingest, listed):
    look(ingest, FIRST, ("a.bai", "waiting", "INCOMPLETE"))
    changed = HostKeyChangedError("host:22 shows another host key than the pinned one")
    for at in (SECOND, THIRD):
        look(ingest, at, failure=changed)
        assert listed() == [("INCOMPLETE", "/bank/a.bai"), ("SOURCE_HOST_KEY", "bank")]
    look(ingest, THIRD + timedelta(minutes=5), failure=SftpError("host:22 is out of reach"))
    assert ("SOURCE_OUT_OF_REACH", "bank") in listed()
    assert ("SOURCE_HOST_KEY", "bank") not in listed()
    look(ingest, THIRD + timedelta(minutes=10), ("a.bai", "waiting", "INCOMPLETE"))
    assert listed() == [("INCOMPLETE", "/bank/a.bai")]


@contextmanager
def no_file_larger_than(size_bytes: int) -> Iterator[None]:
    """A disk that takes the beginning of a file and then no more."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_archive_records_nothing_and_the_file_is_taken_later(ingest, archive, listed):
    with (
        no_file_larger_than(5),
        pytest.raises(ArchiveNotWritableError, match="EFBIG") as refused,
    ):
        take(ingest, archive, "a.bai", FIRST)
    settle(ingest, "bank", FIRST, FIRST, refused.value)
    assert taken(ingest, "bank") == frozenset()
    assert [path for path in archive.root.rglob("*") if path.is_file()] == []
    assert listed() == [("ARCHIVE_NOT_WRITABLE", "bank")]
    take(ingest, archive, "a.bai", SECOND)
    settle(ingest, "bank", SECOND, SECOND)
    assert listed() == []


def test_two_contents_under_one_name_are_both_kept(ingest, archive):
    take(ingest, archive, "a.bai", FIRST)
    take(ingest, archive, "a.bai", SECOND, b"corrected and longer")
    assert len(taken(ingest, "bank")) == 2
    rows = ingest.execute("select count(*) from ops.received_file").fetchone()
    assert rows == (2,)


def test_a_name_that_a_terminal_would_obey_is_shown_escaped(ingest, database):
    look(ingest, FIRST, ("\x1b[2Ja\nb\u202e.bai", "waiting", "INCOMPLETE"))
    lines = exceptions.render(exceptions.gather(database.connect("auditor"), None))
    shown = "\n".join(lines)
    assert "\\x1b[2Ja\\nb\\u202e.bai" in shown
    assert shown.replace("\n", "").isprintable()


def test_every_reason_has_its_words(ingest):
    look(ingest, FIRST, ("a", "waiting", "STILL_CHANGING"), ("b", "failed", "READ_BROKE_OFF"))
    rows = ingest.execute("select rule, message from ops.exception").fetchall()
    assert len(rows) == 2
    assert all(rule != "a file is taken" and message != "the file waits" for rule, message in rows)
