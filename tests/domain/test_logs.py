"""Logs of the servers stay small while those servers go on writing to them."""

import pytest

from orchestration.logs import rotate

pytestmark = pytest.mark.promise("Logs of a platform that is left running stay small")


def test_large_log_is_put_aside_while_its_server_writes_on(tmp_path):
    log, small = tmp_path / "code.log", tmp_path / "pages.log"
    small.write_bytes(b"few\n")
    with log.open("ab", buffering=0) as server:
        server.write(b"old\n" * 100)
        assert rotate(tmp_path, most_bytes=100) == [log]
        server.write(b"new\n")
    assert log.read_bytes() == b"new\n"
    assert (tmp_path / "code.log.1").read_bytes() == b"old\n" * 100
    assert small.read_bytes() == b"few\n"


def test_older_log_is_replaced_so_that_two_are_kept(tmp_path):
    log = tmp_path / "code.log"
    for text in (b"first" * 50, b"second" * 50):
        log.write_bytes(text)
        rotate(tmp_path, most_bytes=100)
    assert {one.name for one in tmp_path.iterdir()} == {"code.log", "code.log.1"}
    assert (tmp_path / "code.log.1").read_bytes() == b"second" * 50
