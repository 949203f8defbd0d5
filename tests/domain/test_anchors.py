"""Heads of the audit chain that are kept in a file: appended, never twice, read back."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from resources import anchors

pytestmark = pytest.mark.promise("A chain that was rebuilt or cut off does not fit kept anchors")

NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
FIRST, SECOND = f"7:{'a' * 64}", f"9:{'b' * 64}"


def test_heads_are_appended_and_the_same_one_is_kept_once(tmp_path: Path) -> None:
    assert anchors.kept(tmp_path) == []
    assert [anchors.keep(tmp_path, one, NOW) for one in (FIRST, FIRST, SECOND)] == [
        True, False, True,
    ]  # fmt: skip
    assert anchors.kept(tmp_path) == [
        anchors.Anchor(7, "a" * 64), anchors.Anchor(9, "b" * 64),
    ]  # fmt: skip
    assert (tmp_path / anchors.FILE).read_text().startswith(f"2026-12-01T12:00:00Z {FIRST}\n")


def test_line_that_is_no_anchor_is_refused(tmp_path: Path) -> None:
    (tmp_path / anchors.FILE).write_text("2026-12-01T12:00:00Z nonsense\n")
    with pytest.raises(ValueError, match="invalid literal"):
        anchors.kept(tmp_path)
