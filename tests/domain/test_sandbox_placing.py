"""A user's own files on the server: each in its place, under a name of its own, none lost."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from sandbox.placing import place_files

pytestmark = pytest.mark.promise("A user's own files are all served, each under a name of its own")

NACHA = "101 071000505 1020000762604300200C094101".ljust(94) + "\n" + "9" * 94 + "\n"


def placed(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


def test_the_content_decides_the_folder_and_the_path_the_name(tmp_path: Path) -> None:
    source, root = tmp_path / "my files", tmp_path / "root"
    (source / "bank" / "old").mkdir(parents=True)
    (source / "x.835").write_bytes(b"ISA*00*")
    (source / "bank" / "b.txt").write_bytes(b"\xef\xbb\xbf01,BANK,US,260430/\n")
    (source / "bank" / "old" / "a.ach").write_text(NACHA)
    (source / "bank" / "old" / "flat.ach").write_text(NACHA.split("\n")[0] + "5220" * 24)
    (source / "notes").write_bytes(b"")
    assert place_files(source, root) == 5
    assert set(placed(root)) == {
        "clearinghouse/remittances/x.835",
        "bank/statements/bank__b.txt",
        "bank/ach/bank__old__a.ach",
        "bank/ach/bank__old__flat.ach",
        "clearinghouse/remittances/notes",
    }


def test_files_that_would_share_a_name_are_all_kept(tmp_path: Path) -> None:
    source, root = tmp_path / "source", tmp_path / "root"
    (source / "a").mkdir(parents=True)
    (source / "a" / "b").write_bytes(b"ISA one")
    (source / "a__b").write_bytes(b"ISA two")
    assert place_files(source, root) == 2
    assert sorted(placed(root).values()) == [b"ISA one", b"ISA two"]


def test_a_long_path_becomes_a_name_that_a_file_system_takes(tmp_path: Path) -> None:
    source, root = tmp_path / "source", tmp_path / "root"
    deep = source / ("long" * 40) / ("path" * 40)
    deep.mkdir(parents=True)
    (deep / "one.835").write_bytes(b"ISA")
    (deep / "two.835").write_bytes(b"ISA")
    assert place_files(source, root) == 2
    names = [Path(name).name for name in placed(root)]
    assert len(set(names)) == 2
    assert all(len(name) <= 200 and name.endswith(".835") for name in names)


def test_placed_files_are_at_least_an_hour_old_and_links_are_left_out(tmp_path: Path) -> None:
    source, root = tmp_path / "source", tmp_path / "root"
    source.mkdir()
    (source / "new.835").write_bytes(b"ISA")
    (source / "link.835").symlink_to(source / "new.835")
    assert place_files(source, root) == 1
    age_seconds = time.time() - (root / "clearinghouse/remittances/new.835").stat().st_mtime
    assert age_seconds >= 3600


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError):
        place_files(tmp_path / "nowhere", tmp_path / "root")
