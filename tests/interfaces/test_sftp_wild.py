"""Files and servers in the wild: OpenSSH's SFTP server, hostile names, folders and connections."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import stamina

from resources.receipt import Receipt, Sighting, Waiting
from resources.settings import SftpSettings, read_sftp
from resources.sftp import (
    HostKeyChangedError,
    LoginRefusedError,
    Pickup,
    SftpError,
    connected,
)
from tests.fixtures.bad_network import Hanging, Wire
from tests.fixtures.openssh import OpenSsh, openssh, sshd_path

pytestmark = pytest.mark.promise(
    "OpenSSH, hostile names and slow writers do not stop the pick-up or cost a file"
)

WHOLE = b"01,B,G,261001,0530,1,,,2/\n99,0,0,2/\n"
HEAD = b"01,B,G,261001,0530,1,,,2/\n"
OLD = datetime(2026, 9, 30, tzinfo=UTC)
needs_sshd = pytest.mark.skipif(sshd_path() is None, reason="OpenSSH's sshd is not installed")


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[OpenSsh]:
    folder = tmp_path_factory.mktemp("openssh")
    folder.chmod(0o755)
    if sshd_path() is None:
        pytest.skip("OpenSSH's sshd is not installed")
    with openssh(folder) as running:
        yield running


@pytest.fixture
def drop(tmp_path) -> Path:
    folder = tmp_path / "drop"
    folder.mkdir()
    return folder


def settings_of(server: OpenSsh, **changes: object) -> SftpSettings:
    known = {"stable_seconds": 0.02, "incomplete_after_seconds": 60, "answer_seconds": 10}
    return replace(read_sftp(server.environ, "bank"), **(known | changes))


def put(folder: Path, name: str | bytes, content: bytes = WHOLE, at: datetime = OLD) -> bytes:
    path = os.path.join(os.fsencode(folder), os.fsencode(name))  # noqa: PTH118 (bytes)
    with open(path, "wb") as file:  # noqa: PTH123 (bytes)
        file.write(content)
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


def pick_up(
    settings: SftpSettings, folder: Path | str, **options: object
) -> tuple[list[Receipt], list[tuple[str, str, str]]]:
    told: list[Sighting] = []
    pickup = Pickup(settings, "bank", (str(folder),), on_sighting=told.append, **options)
    found = list(pickup.receipts())
    return found, [(one.key.name, one.outcome, one.reason_code) for one in told]


@needs_sshd
def test_a_private_key_logs_in_at_openssh_and_files_arrive_with_their_bytes(server, drop):
    large = WHOLE + os.urandom(2_000_000) + b"\n99,0,0,2/\n"
    put(drop, "a.bai")
    put(drop, "large.bai", large)
    found, told = pick_up(settings_of(server), drop)
    assert [(one.name, one.content) for one in found] == [("a.bai", WHOLE), ("large.bai", large)]
    assert told == []


@needs_sshd
def test_a_key_that_the_server_does_not_know_is_refused(server, drop, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    with openssh(other) as stranger:
        private = read_sftp(stranger.environ, "bank").private_key
    with pytest.raises(LoginRefusedError) as refused:
        pick_up(settings_of(server, private_key=private), drop)
    assert refused.value.code == "SOURCE_LOGIN"


@needs_sshd
def test_a_server_that_changed_its_host_key_gets_nothing(server, drop, tmp_path_factory):
    changed = tmp_path_factory.mktemp("changed")
    with openssh(changed) as other:
        pinned = other.environ["TIEOUT_SFTP_HOST_KEY"]
    with pytest.raises(HostKeyChangedError) as refused:
        pick_up(settings_of(server, host_key=pinned), drop)
    assert refused.value.code == "SOURCE_HOST_KEY"
    put(drop, "a.bai")
    both = f"{pinned},{server.environ['TIEOUT_SFTP_HOST_KEY']}"
    found, _ = pick_up(settings_of(server, host_key=both), drop)
    assert len(found) == 1


@needs_sshd
def test_a_known_hosts_file_pins_as_well(server, drop, tmp_path):
    put(drop, "a.bai")
    known = tmp_path / "known_hosts"
    known.write_text(f"[127.0.0.1]:{server.port} {server.environ['TIEOUT_SFTP_HOST_KEY']}\n")
    settings = settings_of(server, host_key="", known_hosts=str(known))
    assert len(pick_up(settings, drop)[0]) == 1
    known.write_text("")
    with pytest.raises(HostKeyChangedError):
        pick_up(settings, drop)


@needs_sshd
@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"caf\xe9.bai", "caf\\xe9.bai"),
        (b"a\nb\r.bai", "a\nb\r.bai"),
        (b"..bai\x1b[31m", None),
        (b"a..\\..\\b", "a..\\..\\b"),
        (b"x" * 255, "x" * 255),
        ("\u202etxt.exe".encode(), "\u202etxt.exe"),
    ],
)
def test_any_name_is_data_and_does_not_keep_the_rest_from_being_taken(server, drop, raw, name):
    put(drop, raw)
    put(drop, "z.bai")
    found, told = pick_up(settings_of(server), drop)
    taken = [one.name for one in found]
    if name is None:
        assert told == [(os.fsdecode(raw), "waiting", "TEMPORARY_NAME")]
        assert taken == ["z.bai"]
    else:
        assert (sorted(taken), told) == (sorted([name, "z.bai"]), [])


@needs_sshd
def test_what_was_taken_under_a_name_that_is_no_text_is_not_taken_again(server, drop):
    put(drop, b"caf\xe9.bai")
    with connected(settings_of(server)) as client:
        seen = Pickup(settings_of(server), "bank", (str(drop),)).look(client)
    assert pick_up(settings_of(server), drop, taken=frozenset(seen)) == ([], [])


@needs_sshd
def test_links_pipes_and_folders_are_not_followed(server, drop, tmp_path):
    put(tmp_path, "secret.bai")
    (drop / "link.bai").symlink_to(tmp_path / "secret.bai")
    (drop / "loop").symlink_to(drop)
    (drop / "folder").mkdir()
    os.mkfifo(drop / "pipe")
    put(drop, "z.bai")
    found, told = pick_up(settings_of(server), drop)
    assert [one.name for one in found] == ["z.bai"]
    assert {(name, reason) for name, _, reason in told} == {
        ("link.bai", "NOT_A_REGULAR_FILE"),
        ("loop", "NOT_A_REGULAR_FILE"),
        ("pipe", "NOT_A_REGULAR_FILE"),
    }


@needs_sshd
def test_an_empty_file_waits_while_it_is_young_and_is_taken_when_old(server, drop):
    put(drop, "empty.bai", b"")
    found, told = pick_up(settings_of(server), drop, now=lambda: OLD)
    assert (found, told) == ([], [("empty.bai", "waiting", "INCOMPLETE")])
    later = OLD + timedelta(seconds=61)
    assert [one.content for one in pick_up(settings_of(server), drop, now=lambda: later)[0]] == [
        b""
    ]


@needs_sshd
def test_a_clock_that_runs_ahead_at_the_server_does_not_keep_a_file_for_ever(server, drop):
    put(drop, "cut.bai", HEAD, at=OLD + timedelta(days=1))
    settings = settings_of(server)
    assert pick_up(settings, drop, now=lambda: OLD)[1] == [("cut.bai", "waiting", "INCOMPLETE")]
    with connected(settings) as client:
        (key,) = Pickup(settings, "bank", (str(drop),)).look(client)
    waiting = {key: Waiting(OLD, "waiting")}
    later = OLD + timedelta(seconds=61)
    found, _ = pick_up(settings, drop, now=lambda: later, waiting=waiting)
    assert [one.content for one in found] == [HEAD]


@needs_sshd
def test_a_writer_that_pauses_before_the_last_record_is_waited_for(server, drop):
    put(drop, "slow.bai", HEAD)
    settings = settings_of(server)
    assert pick_up(settings, drop, now=lambda: OLD)[0] == []
    put(drop, "slow.bai", HEAD + b"99,0,0,2/\n", at=OLD + timedelta(seconds=30))
    found, _ = pick_up(settings, drop, now=lambda: OLD + timedelta(seconds=31))
    assert [one.content for one in found] == [HEAD + b"99,0,0,2/\n"]


@needs_sshd
def test_a_folder_that_is_missing_or_a_file_stops_no_other_folder(server, drop):
    put(drop, "a.bai")
    told: list[Sighting] = []
    folders = (str(drop / "gone"), str(drop / "a.bai"), str(drop))
    pickup = Pickup(settings_of(server), "bank", folders, on_sighting=told.append)
    assert [one.name for one in pickup.receipts()] == ["a.bai"]
    assert {(Path(one.key.location).name, one.reason_code) for one in told} == {
        ("gone", "FOLDER_MISSING"),
        ("a.bai", "FOLDER_MISSING"),  # OpenSSH's word for "not a folder"
    }


@needs_sshd
def test_ten_thousand_small_files_come_in_one_pick_up(server, drop):
    for number in range(10_000):
        (drop / f"{number:05}.bai").write_bytes(WHOLE.replace(b",1,,,2", b",%d,,,2" % number))
    found, told = pick_up(settings_of(server), drop)
    assert len({one.content for one in found}) == 10_000
    assert told == []


@pytest.mark.parametrize("greeting", [b"", b"SSH-2.0-silent\r\n"])
@needs_sshd
def test_a_server_that_accepts_and_never_answers_is_given_up(server, greeting):
    hanging = Hanging(greeting)
    settings = settings_of(server, port=hanging.port)
    try:
        with pytest.raises(SftpError) as silent, connected(settings, connect_seconds=1.0):
            pass
    finally:
        hanging.close()
    assert silent.value.code == "SOURCE_NO_ANSWER"


def test_a_host_without_an_address_is_said_to_be_one(server):
    settings = settings_of(server, host="no-such-host.invalid")
    with stamina.set_testing(True, attempts=1), pytest.raises(SftpError) as unknown:
        pick_up(settings, "/bank")
    assert unknown.value.code == "SOURCE_NAME_UNKNOWN"


@pytest.fixture
def wire(server, request) -> Iterator[Wire]:
    made = Wire(server.port, 60_000, **request.param)
    yield made
    made.close()


CUT_ONCE, CUT_TWICE = {"cuts": True, "faults": 1}, {"cuts": True, "faults": 2}
STALL_TWICE = {"cuts": False, "faults": 2}


@needs_sshd
@pytest.mark.parametrize("wire", [CUT_ONCE], indirect=True)
def test_a_connection_cut_in_the_middle_of_a_file_is_made_again(server, drop, wire):
    large = HEAD + os.urandom(300_000) + b"\n99,0,0,2/\n"
    put(drop, "a.bai", large)
    put(drop, "b.bai")
    found, told = pick_up(settings_of(server, port=wire.port), drop)
    assert [one.content for one in found] == [large, WHOLE]
    assert told == []
    assert wire.connections == 2


@needs_sshd
@pytest.mark.parametrize("wire", [CUT_TWICE, STALL_TWICE], indirect=True)
def test_a_file_at_which_the_server_breaks_twice_is_told_and_the_rest_is_taken(server, drop, wire):
    put(drop, "a.bai", HEAD + os.urandom(300_000) + b"\n99,0,0,2/\n")
    put(drop, "b.bai")
    settings = settings_of(server, port=wire.port, answer_seconds=2.0)
    found, told = pick_up(settings, drop)
    assert [one.name for one in found] == ["b.bai"]
    assert told == [("a.bai", "failed", "READ_BROKE_OFF")]


@needs_sshd
def test_what_failed_before_is_tried_after_all_others(server, drop):
    for name in ("a.bai", "b.bai"):
        put(drop, name)
    settings = settings_of(server)
    with connected(settings) as client:
        first, _ = Pickup(settings, "bank", (str(drop),)).look(client)
    found, _ = pick_up(settings, drop, waiting={first: Waiting(OLD, "failed")})
    assert [one.name for one in found] == ["b.bai", "a.bai"]
