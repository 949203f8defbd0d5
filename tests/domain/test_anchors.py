"""Anchors of the audit chain: how they are written, kept in a file, and read again."""

from datetime import UTC, datetime

import pytest

from billing.evidence.anchors import anchors_in, in_words, is_anchor
from resources import anchor_file

pytestmark = pytest.mark.promise("Heads of the audit are kept outside of the database by default")

FIRST, SECOND = f"7:{'a' * 64}", f"12:{'b' * 64}"
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


def test_anchor_in_a_text_is_read_back():
    assert anchors_in(f"Tieout NLH 3: none, 1.1; {in_words(FIRST)}") == [FIRST]
    assert anchors_in("Tieout NLH 3: none, 1.1") == []
    assert anchors_in(in_words(FIRST)[:40]) == []  # cut off by an ERP: no anchor


@pytest.mark.parametrize("text", ["", "7", "0:" + "a" * 64, "7:" + "A" * 64, f" {FIRST}"])
def test_text_that_is_no_anchor_is_told(text):
    assert is_anchor(FIRST)
    assert not is_anchor(text)


def test_file_has_a_line_per_head_and_none_twice(tmp_path):
    path = tmp_path / "anchors.txt"
    assert anchor_file.kept(path) == ([], [])
    assert [anchor_file.keep(path, one, NOON) for one in (FIRST, FIRST, SECOND)] == [
        True, False, True
    ]  # fmt: skip
    assert path.read_text() == f"2026-12-01T12:00:00Z {FIRST}\n2026-12-01T12:00:00Z {SECOND}\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert anchor_file.kept(path) == ([FIRST, SECOND], [])


def test_half_line_of_a_crash_is_told_and_the_next_is_whole(tmp_path):
    path = tmp_path / "anchors.txt"
    path.write_text("2026-12-01T11:5")
    anchor_file.keep(path, FIRST, NOON)
    assert anchor_file.kept(path) == ([FIRST], [1])
