"""Picking files up from a real SFTP server: pinned key, stable and complete files only."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import asyncssh
import pytest
import stamina

from resources import bank, clearinghouse
from resources.receipt import Receipt, Sighting
from resources.settings import InvalidSettingError, SftpSettings
from resources.sftp import HostKeyChangedError, LoginRefusedError, Pickup, SftpError
from tests.fixtures.sftp_server import OLD, WHOLE, OneUser, SftpServer, rsa_key

pytestmark = pytest.mark.promise(
    "Whole, stable files are taken once from an SFTP server with a pinned key",
    "A file or server that fails is reported and does not stop the rest",
)

CUT = b"01,B,G,261001,0530,1,,,2/\n02,G,B,1,260930,,USD,2/\n"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SftpServer]:
    for folder in ("clearinghouse", "bank", "ach"):
        (tmp_path / "root" / folder).mkdir(parents=True)
    yield from SftpServer(tmp_path / "root").run()


def pick_up(settings: SftpSettings, **options: object) -> tuple[list[Receipt], list[Sighting]]:
    told: list[Sighting] = []
    pickup = Pickup(settings, "bank", settings.bank_folders, on_sighting=told.append, **options)
    return list(pickup.receipts()), told


def reasons(told: list[Sighting]) -> list[tuple[str, str, str]]:
    return [(one.key.name, one.outcome, one.reason_code) for one in told]


def test_whole_files_of_every_folder_are_taken_with_their_bytes(server):
    server.put("bank/a.bai", WHOLE)
    server.put("ach/b.bai", WHOLE + b"\n")
    server.put("clearinghouse/c.835", b"not of this source")
    found, told = pick_up(server.settings())
    assert [(one.location, one.name, one.content) for one in found] == [
        ("/bank", "a.bai", WHOLE),
        ("/ach", "b.bai", WHOLE + b"\n"),
    ]
    assert found[0].modified_at == OLD
    assert told == []


def test_each_source_has_its_own_folders(server):
    server.put("bank/a.bai", WHOLE)
    server.put("clearinghouse/c.txt", b"anything")
    assert [one.name for one in bank.receipts(server.settings())] == ["a.bai"]
    assert [one.name for one in clearinghouse.receipts(server.settings())] == ["c.txt"]


def test_a_file_that_is_still_written_waits_until_it_is_whole(server):
    path = server.put("bank/slow.bai", CUT, None)
    stop = threading.Event()

    def trickle() -> None:
        while not stop.is_set():
            with path.open("ab") as file:
                file.write(b"88,MORE\n")
            time.sleep(0.002)

    writer = threading.Thread(target=trickle)
    writer.start()
    try:
        found, told = pick_up(server.settings(stable_seconds=0.2))
    finally:
        stop.set()
        writer.join()
    assert found == []
    assert reasons(told) == [("slow.bai", "waiting", "STILL_CHANGING")]
    with path.open("ab") as file:
        file.write(b"99,0,0,2/\n")
    found, _ = pick_up(server.settings())
    assert [one.content for one in found] == [path.read_bytes()]


def test_an_incomplete_file_waits_while_it_is_young_and_is_taken_when_old(server):
    server.put("bank/cut.bai", CUT)
    young = OLD + timedelta(seconds=59)
    found, told = pick_up(server.settings(), now=lambda: young)
    assert (found, reasons(told)) == ([], [("cut.bai", "waiting", "INCOMPLETE")])
    found, told = pick_up(server.settings(), now=lambda: young + timedelta(seconds=2))
    assert ([one.content for one in found], told) == ([CUT], [])


def test_what_was_taken_before_is_not_read_again(server):
    server.put("bank/a.bai", WHOLE)
    (_, before) = pick_up(server.settings())
    assert before == []
    server.put("bank/b.bai", WHOLE)
    taken = {("/bank", "a.bai", len(WHOLE), OLD)}
    found, _ = pick_up(server.settings(), taken=taken)
    assert [one.name for one in found] == ["b.bai"]


def test_a_corrected_file_under_the_same_name_is_taken_again(server):
    server.put("bank/a.bai", WHOLE, OLD + timedelta(minutes=1))
    found, _ = pick_up(server.settings(), taken={("/bank", "a.bai", len(WHOLE), OLD)})
    assert [one.name for one in found] == ["a.bai"]


def test_a_file_that_vanishes_between_the_looks_is_told(server):
    path = server.put("bank/a.bai", WHOLE)
    server.put("bank/b.bai", WHOLE)
    found, told = pick_up(server.settings(), sleep=lambda _: path.unlink())
    assert [one.name for one in found] == ["b.bai"]
    assert reasons(told) == [("a.bai", "waiting", "STILL_CHANGING")]


def test_a_file_that_vanishes_before_it_is_read_is_told(server):
    server.put("bank/a.bai", WHOLE)
    path = server.put("bank/b.bai", WHOLE)
    told: list[Sighting] = []
    settings = server.settings()
    receipts = Pickup(settings, "bank", ("/bank",), on_sighting=told.append).receipts()
    assert next(receipts).name == "a.bai"
    path.unlink()
    assert list(receipts) == []
    assert reasons(told) == [("b.bai", "failed", "VANISHED")]


def test_a_file_that_grows_after_the_second_look_waits(server):
    server.put("bank/a.bai", WHOLE)
    path = server.put("bank/b.bai", WHOLE)
    told: list[Sighting] = []
    receipts = Pickup(server.settings(), "bank", ("/bank",), on_sighting=told.append).receipts()
    next(receipts)
    path.write_bytes(WHOLE + WHOLE)
    assert list(receipts) == []
    assert reasons(told) == [("b.bai", "waiting", "STILL_CHANGING")]


def test_names_that_are_still_uploading_wait(server):
    server.put("bank/a.bai.filepart", WHOLE)
    server.put("bank/.b.bai", WHOLE)
    found, told = pick_up(server.settings())
    assert found == []
    assert {reason for _, _, reason in reasons(told)} == {"TEMPORARY_NAME"}


def test_a_link_and_a_missing_folder_are_told_and_do_not_stop_the_rest(server):
    server.put("bank/a.bai", WHOLE)
    (server.root / "bank/link").symlink_to(server.root / "bank/a.bai")
    found, told = pick_up(server.settings(bank_folders=("/gone", "/bank")))
    assert [one.name for one in found] == ["a.bai"]
    assert set(reasons(told)) == {
        ("", "failed", "FOLDER_MISSING"),
        ("link", "failed", "NOT_A_REGULAR_FILE"),
    }


@pytest.mark.parametrize("name", ["a\\..\\x", "a\nb", "\u202etxt.exe", "x" * 200, "%2e%2e%2fx"])
def test_a_hostile_name_is_data(server, name):
    server.put(f"bank/{name}", WHOLE)
    found, _ = pick_up(server.settings())
    assert [one.name for one in found] == [name]


def test_a_file_larger_than_the_limit_is_told_and_not_read(server):
    server.put("bank/a.bai", WHOLE)
    found, told = pick_up(server.settings(), most_bytes=10)
    assert (found, reasons(told)) == ([], [("a.bai", "failed", "TOO_LARGE")])


def test_a_file_larger_than_one_chunk_arrives_whole(server):
    content = WHOLE + os.urandom(3_000_000) + b"\n99,0,0,2/\n"
    server.put("bank/large.bai", content)
    found, _ = pick_up(server.settings())
    assert found[0].content == content


def test_a_changed_host_key_ends_the_pick_up_before_the_password_is_sent(server):
    other = rsa_key("another host").export_public_key().decode()
    OneUser.logins = 0
    with pytest.raises(HostKeyChangedError):
        pick_up(server.settings(host_key=" ".join(other.split()[:2])))
    assert OneUser.logins == 0


def test_a_refused_login_is_tried_once(server):
    OneUser.logins = 0
    with pytest.raises(LoginRefusedError) as refused:
        pick_up(server.settings(password="guess"))
    assert OneUser.logins == 1
    assert "guess" not in str(refused.value)


def test_a_connection_that_breaks_off_between_files_is_made_again(server):
    server.put("bank/a.bai", WHOLE)
    server.put("bank/b.bai", WHOLE)
    receipts = Pickup(server.settings(), "bank", ("/bank",)).receipts()
    assert next(receipts).name == "a.bai"
    server.loop.call_soon_threadsafe(OneUser.connections[-1].abort)
    assert [one.name for one in receipts] == ["b.bai"]


def test_a_server_that_goes_away_is_an_error_and_what_came_before_is_kept(server):
    server.put("bank/a.bai", WHOLE)
    server.put("bank/b.bai", WHOLE)
    receipts = Pickup(server.settings(), "bank", ("/bank",)).receipts()
    assert next(receipts).name == "a.bai"
    server.loop.call_soon_threadsafe(server.listening.close)
    server.loop.call_soon_threadsafe(OneUser.connections[-1].abort)
    with stamina.set_testing(True, attempts=2), pytest.raises(SftpError, match="out of reach"):
        list(receipts)


def test_a_server_out_of_reach_is_an_error_that_names_it():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    key = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    settings = SftpSettings("127.0.0.1", port, "u", "p", key, bank_folders=("/bank",))
    with stamina.set_testing(True, attempts=2), pytest.raises(SftpError, match=str(port)):
        pick_up(settings)


def test_a_host_key_that_is_none_is_refused_before_connecting():
    settings = SftpSettings("127.0.0.1", 1, "u", "p", "nonsense", bank_folders=("/bank",))
    with pytest.raises(InvalidSettingError, match="TIEOUT_SFTP_HOST_KEY"):
        pick_up(settings)


def test_a_source_that_is_not_configured_has_nothing():
    assert list(bank.receipts(SftpSettings())) == []
