"""Journal files on file systems that fail: full, closed, raced, killed, and full of odd names."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from billing.ledger.erp import ErpBusy, ErpUnknown, Reason, compare
from resources.erp.journal_file_answers import Rule
from resources.erp.journal_file_entry import name_of
from resources.erp.journal_file_folder import PARTIAL, entered, locked
from tests.fixtures.erp.journal_file import JournalFileHarness
from tests.fixtures.erp.journal_file_child import CALLS, KEY, entry, outcome

pytestmark = pytest.mark.promise(
    "A killed, raced or failing writer of journal files leaves one document"
)

ROOT = Path(__file__).parents[2]
CHILD = ROOT / "tests" / "fixtures" / "erp" / "journal_file_child.py"
WAITS = "ErpUnknown AWAITING_POST"


@pytest.fixture
def files(tmp_path):
    """Return folders of this test's own with their person."""
    return JournalFileHarness(tmp_path)


def child(*values, before=(), **options):
    """Start a process of its own."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [*before, sys.executable, str(CHILD), *map(str, values)],
        stdout=subprocess.PIPE, text=True, env=environ, **options,
    )  # fmt: skip


def offered(files):
    """List the files that a person sees, without their control files."""
    found = files.folder("NLH", "outgoing").glob("*.csv")
    return [path.name for path in found if not path.name.endswith(".control.csv")]


def settle(files):
    """Do what outbox and person do until it is posted, and return how many documents there are."""
    assert outcome(files.root, entry()) in {WAITS, "posted"}
    files.run_batch()
    assert compare(entry(), files.ledger().post(entry())) == []
    assert files.ledger().mismatches("NLH") == []
    assert offered(files) == [f"{name_of(entry())}.csv"]
    return files.documents("NLH", KEY)


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """Return the folders that killed processes left, one for each call at which one was killed."""
    base = tmp_path_factory.mktemp("killed")
    JournalFileHarness(base / "template")
    process = child("kill", base)
    count = int(process.communicate()[0])
    assert count > 50
    return [base / f"{number:03d}" for number in range(1, count + 1)]


def test_a_writer_that_is_killed_at_any_call_leaves_one_document(killed, tmp_path):
    states = set()
    for place in killed:
        files = JournalFileHarness(shutil.copytree(place, tmp_path / place.name))
        found = files.ledger().find("NLH", KEY)
        states.add(None if found is None else found.state)
        assert settle(files) == 1, place.name
        assert outcome(files.root, entry("the-next-one", 8)) == WAITS
        assert not [p for p in files.root.rglob("*") if p.name.startswith(PARTIAL)]
    assert states == {None, "draft", "created"}


def test_a_person_who_comes_before_the_next_attempt_uploads_whole_files_only(killed, tmp_path):
    uploaded = set()
    for place in killed:
        files = JournalFileHarness(shutil.copytree(place, tmp_path / place.name))
        files.run_batch()
        uploaded.add(files.documents("NLH", KEY))
        assert settle(files) == 1, place.name
    assert uploaded == {0, 1}


def test_an_interrupted_file_that_nobody_saw_is_replaced_by_what_is_to_be_sent_now(
    killed, tmp_path
):
    other = entry(number=8)
    replaced = 0
    for place in killed:
        files = JournalFileHarness(shutil.copytree(place, tmp_path / place.name))
        was_seen = bool(offered(files))
        assert outcome(files.root, other) == WAITS
        assert offered(files) == [f"{name_of(entry() if was_seen else other)}.csv"]
        replaced += not was_seen
    assert replaced


@pytest.mark.parametrize("name", [name for name in CALLS if name != "close"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_any_call_that_fails_leaves_nothing_or_something_to_take_up(
    tmp_path, monkeypatch, name, code
):
    """Each call of the kind fails in its turn: from the first to the last that writing takes."""
    real, number, outcomes = getattr(os, name), 0, []
    while WAITS not in outcomes:
        number += 1
        files = JournalFileHarness(tmp_path / str(number))
        with monkeypatch.context() as patch:
            patch.setattr(os, name, _failing(real, number, code))
            outcomes.append(outcome(files.root, entry()))
        if outcomes[-1].startswith("ErpBusy"):
            assert files.ledger().find("NLH", KEY) is None
            assert not files.folder("NLH", "outgoing").exists() or offered(files) == []
        assert settle(files) == 1
    allowed = {
        WAITS, "ErpUnknown CONNECTION", "ErpUnknown DRAFT_LEFT", "ErpBusy UNAVAILABLE",
        "ErpBusy ACCESS",
    }  # fmt: skip
    assert set(outcomes) <= allowed
    assert len(outcomes) > 1


def _failing(real, number, code):
    calls = iter(range(1, 1_000_000))

    def call(*values, **named):
        if next(calls) == number:
            raise OSError(code, os.strerror(code))
        return real(*values, **named)

    return call


def test_a_name_that_is_taken_is_never_written_over(files):
    with entered(files.root, "NLH", make=True) as folders:
        assert folders.outgoing.publish("a.csv", b"first")
        assert not folders.outgoing.publish("a.csv", b"second")
        assert folders.outgoing.read("a.csv") == b"first"
        assert folders.outgoing.names() == ["a.csv"]


def test_short_writes_are_gone_on_with(files, monkeypatch):
    real = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: real(handle, bytes(data)[:7]))
    assert settle(files) == 1


def _can_mount() -> bool:
    if shutil.which("unshare") is None:
        return False
    script = "mount -t tmpfs tmpfs /mnt"
    done = subprocess.run(["unshare", "-rm", "sh", "-c", script], capture_output=True, check=False)
    return done.returncode == 0


can_mount = pytest.mark.skipif(not _can_mount(), reason="no mounts of one's own on this machine")


def _mounted(files, script):
    """Run a script of the shell where the entity's folder is a small file system of its own."""
    prepared = f"""
        set -eu
        cp -r '{files.root}/NLH' '{files.root}/kept'
        mount -t tmpfs -o size=128k tmpfs '{files.root}/NLH'
        cp -r '{files.root}/kept/.' '{files.root}/NLH'
        post() {{ '{sys.executable}' '{CHILD}' post '{files.root}' {KEY} 7 | tail -n 1; echo; }}
        {script}
        mkdir '{files.root}/after'
        cp -r '{files.root}/NLH/.' '{files.root}/after'
    """
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", prepared], capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    shutil.rmtree(files.root / "NLH")
    (files.root / "after").rename(files.root / "NLH")
    return done.stdout.split("\n")[:-1]


@can_mount
def test_a_full_disk_is_busy_and_nothing_of_it_is_left(files):
    full, left, freed = _mounted(
        files,
        f"""
        dd if=/dev/zero of='{files.root}/NLH/filler' bs=1k 2>/dev/null || true
        post
        find '{files.root}/NLH' -name '*{KEY}*' -o -name '{PARTIAL}*' | wc -l
        rm '{files.root}/NLH/filler'
        post
        """,
    )
    assert (full, left, freed) == ("ErpBusy UNAVAILABLE", "0", WAITS)
    assert settle(files) == 1


@can_mount
def test_a_folder_that_is_mounted_read_only_is_busy_and_can_still_be_read(files):
    first, again, other = _mounted(
        files,
        f"""
        post
        mount -o remount,ro '{files.root}/NLH'
        post
        '{sys.executable}' '{CHILD}' post '{files.root}' another-key 8 | tail -n 1; echo
        """,
    )
    assert (first, again, other) == (WAITS, WAITS, "ErpBusy ACCESS")
    assert settle(files) == 1


def test_a_folder_without_write_permission_is_busy():
    """As somebody else than root, whom no permission binds."""
    base = Path(tempfile.mkdtemp(prefix="tieout-test-"))
    try:
        base.chmod(0o755)
        files, me = JournalFileHarness(base), os.geteuid()
        (base / "NLH").chmod(0o555)
        try:
            os.seteuid(me or 65534)
            assert outcome(files.root, entry()) == "ErpBusy ACCESS"
            assert files.ledger().find("NLH", KEY) is None
        finally:
            os.seteuid(me)
    finally:
        (base / "NLH").chmod(0o755)
        shutil.rmtree(base)


@pytest.mark.parametrize("missing", ["NLH", ""])
def test_a_share_that_is_not_mounted_is_busy_and_never_made(files, missing):
    shutil.rmtree(files.root / missing)
    assert outcome(files.root, entry()) == "ErpBusy UNAVAILABLE"
    assert not (files.root / "NLH").exists()
    with pytest.raises(ErpUnknown) as doubt:
        files.ledger().find("NLH", KEY)
    assert doubt.value.reason_code == Reason.CONNECTION


def test_a_file_system_without_hard_links_is_told(files, monkeypatch):
    monkeypatch.setattr(os, "link", _failing(os.link, 1, errno.EPERM))
    assert outcome(files.root, entry()) == "ErpBusy ACCESS"
    assert files.ledger().find("NLH", KEY) is None


def _race(files, what, values):
    """Start all at once and return their outcomes."""
    go = files.root / "go"
    racing = [child(what, files.root, *value, go) for value in values]
    for one in racing:
        assert one.stdout.readline() == "ready\n"
    go.touch()
    return [one.communicate()[0].splitlines()[-1] for one in racing]


def test_writers_that_race_on_one_key_write_one_file(files):
    outcomes = _race(files, "post", [(KEY, 7)] * 3)
    assert outcomes == [WAITS] * 3
    assert settle(files) == 1


def test_writers_that_race_where_locks_do_nothing_offer_one_file_all_the_same(files):
    """As on a share whose server ignores locks: the name alone keeps the second one out."""
    outcomes = _race(files, "post without locks", [(KEY, 7)] * 3)
    assert set(outcomes) <= {WAITS, "ErpUnknown DRAFT_LEFT", "ErpUnknown NOT_FOUND_AFTER_POSTING",
                             "ErpBusy UNAVAILABLE"}  # fmt: skip
    assert settle(files) == 1


def test_a_writer_who_waits_too_long_for_another_is_busy(files):
    with entered(files.root, "NLH", make=True) as folders, locked(folders.home, 0.1):
        with pytest.raises(ErpBusy) as busy:
            files.ledger(answer_seconds=0.1).post(entry())
        assert busy.value.reason_code == Reason.UNAVAILABLE
        assert files.ledger().find("NLH", KEY) is None
    assert settle(files) == 1


def test_the_lock_of_a_killed_writer_is_free(files):
    script = (
        "import sys, time; from pathlib import Path;"
        "from resources.erp.journal_file_folder import entered, locked\n"
        "with entered(Path(sys.argv[1]), 'NLH') as f, locked(f.home, 1):\n"
        "    print('held', flush=True); time.sleep(600)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", script, str(files.root)], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert holder.stdout.readline() == "held\n"
    assert outcome(files.root, entry(), answer_seconds=0.1) == "ErpBusy UNAVAILABLE"
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    assert settle(files) == 1


@pytest.mark.parametrize("name", ["NLH", "NLH/written", "NLH/outgoing", "NLH/accepted"])
def test_a_folder_that_is_a_symlink_is_not_entered(files, tmp_path_factory, name):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "folder"
    place = files.root / name
    if place.exists():
        place.rename(elsewhere)
    else:
        elsewhere.mkdir()
    before = sorted(elsewhere.rglob("*"))
    place.symlink_to(elsewhere)
    assert outcome(files.root, entry()) in {"ErpBusy UNAVAILABLE", "ErpUnknown CONNECTION"}
    assert sorted(elsewhere.rglob("*")) == before


def test_a_symlink_in_the_place_of_the_file_is_not_written_through(files, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    written = files.folder("NLH", "written")
    written.mkdir()
    (written / f"{KEY}.csv").symlink_to(victim)
    assert outcome(files.root, entry()) == "ErpUnknown MISMATCH"
    assert victim.read_text() == "untouched"


def test_a_symlink_in_the_place_of_the_lock_is_not_followed(files, tmp_path):
    (files.root / "NLH" / ".lock").symlink_to(tmp_path / "victim")
    assert outcome(files.root, entry()) == "ErpBusy UNAVAILABLE"
    assert not (tmp_path / "victim").exists()


@pytest.mark.parametrize("kind", ["symlink", "folder", "pipe", "huge"])
def test_an_answer_that_is_no_plain_file_is_told_and_nothing_hangs(files, tmp_path, kind):
    assert outcome(files.root, entry()) == WAITS
    place = files.folder("NLH", "accepted") / "answer.csv"
    make = {
        "symlink": lambda: place.symlink_to(tmp_path / "NPG" / "lists" / "accounts.csv"),
        "folder": place.mkdir,
        "pipe": lambda: os.mkfifo(place),
        "huge": lambda: os.truncate(os.open(place, os.O_CREAT | os.O_WRONLY), 2**36),
    }
    make[kind]()
    assert [one.rule for one in files.ledger().mismatches("NLH")] == [Rule.UNREADABLE]
    assert files.ledger().find("NLH", KEY).state == "created"


def test_a_list_that_is_a_symlink_is_refused(files):
    accounts = files.folder("NLH", "lists") / "accounts.csv"
    accounts.unlink()
    accounts.symlink_to(files.folder("NPG", "lists") / "accounts.csv")
    with pytest.raises(ErpBusy, match="not a plain file"):
        files.ledger().post(entry())


def test_names_that_are_not_utf_8_are_read_like_all_others(files):
    assert outcome(files.root, entry()) == WAITS
    files.run_batch()
    accepted = os.fsencode(files.folder("NLH", "accepted"))
    (answer,) = os.listdir(accepted)  # noqa: PTH208 - bytes, as the names here are none of UTF-8
    os.rename(accepted + b"/" + answer, accepted + b"/best\xe4tigt.csv")  # noqa: PTH104
    with open(accepted + b"/\xff\xfe.csv", "wb") as broken:  # noqa: PTH123
        broken.write(b"nonsense")
    assert files.ledger().find("NLH", KEY).state == "posted"
    assert [(one.rule, one.name) for one in files.ledger().mismatches("NLH")] == [
        (Rule.UNREADABLE, "\\udcff\\udcfe.csv")
    ]
    for folder in ("written", "outgoing"):
        place = os.fsencode(files.folder("NLH", folder))
        with open(place + b"/\xe9.csv", "wb"):  # noqa: PTH123
            pass
    rules = {one.rule for one in files.ledger().mismatches("NLH")}
    assert rules == {Rule.UNREADABLE, Rule.CHANGED, Rule.RECORD_LOST}
