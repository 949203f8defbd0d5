"""Ten thousand small files in one folder: what the first look costs, and the second."""

import resource as limits
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assets.receiving import AT_ONCE, TakenIn, take_in
from resources import bank, clearinghouse
from resources.dagster_resources import Installation
from tests.fixtures.interchange import interchange
from tests.fixtures.openssh import OpenSsh, openssh, sshd_path

FILES = 10_000
CLAIMS = 42


def statement(number: int) -> bytes:
    """Make a bank statement without an account, 40 bytes."""
    return b"01,B,G,261001,0530,%d,,,2/\n99,0,0,2/\n" % number


def remittance(number: int) -> bytes:
    """Make an 835 of about 5 kB."""
    made = interchange(str(number + 1), "80")
    first, last = made.index("CLP*"), made.index("SE*")
    claim = made[first:last]
    claims = "".join(
        claim.replace("GROWCLAIM", f"C{one}X").replace("*PCN", f"*P{one}X") for one in range(CLAIMS)
    )
    head = made[:first].replace("BPR*I*80", f"BPR*I*{80 * CLAIMS}")
    return (head + claims + made[last:].replace("SE*14", f"SE*{10 + 4 * CLAIMS}")).encode()


pytestmark = pytest.mark.skipif(sshd_path() is None, reason="OpenSSH's sshd is not installed")


@pytest.fixture(scope="module")
def sshd(tmp_path_factory) -> Iterator[OpenSsh]:
    folder = tmp_path_factory.mktemp("openssh")
    folder.chmod(0o755)
    with openssh(folder) as running:
        yield running


@pytest.fixture
def installation(sshd, database, tmp_path, monkeypatch) -> Installation:
    folders = {
        "TIEOUT_SFTP_BANK_FOLDERS": str(tmp_path / "drop"),
        "TIEOUT_SFTP_CLEARINGHOUSE_FOLDERS": str(tmp_path / "drop"),
    }
    home = {"TIEOUT_HOME": str(tmp_path / "home"), "TIEOUT_SFTP_STABLE_SECONDS": "0.1"}
    for name, value in {**database.environ(), **sshd.environ, **folders, **home}.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "drop").mkdir()
    return Installation()


def look(installation: Installation, source: Any) -> TakenIn:
    settings = getattr(installation.settings, source.SOURCE)
    return take_in(
        installation,
        source.SOURCE,
        lambda inbox: source.receipts(settings, inbox.taken, inbox.tell, inbox.waiting),
        is_configured=True,
        at_once=AT_ONCE,
    )


def timed(installation: Installation, source: Any) -> tuple[TakenIn, float, float]:
    """Look once; return what came, the seconds, and the seconds of processor time."""
    begun, worked = time.monotonic(), time.process_time()
    found = look(installation, source)
    return found, time.monotonic() - begun, time.process_time() - worked


@pytest.mark.parametrize(("source", "made"), [(bank, statement), (clearinghouse, remittance)])
def test_ten_thousand_files_are_taken_once_each(  # noqa: PLR0917 (a fixture each)
    source, made, installation, tmp_path: Path, database, capsys
):
    for number in range(FILES):
        (tmp_path / "drop" / f"{number:05}.txt").write_bytes(made(number))
    first, seconds, worked = timed(installation, source)
    assert (first.seen, first.duplicates, first.loaded, first.failure) == (FILES, 0, FILES, None)
    second, again, _ = timed(installation, source)
    assert (second.seen, second.loaded, second.waiting) == (0, 0, 0)
    rows = database.connect("auditor").execute("select count(*) from ops.received_file").fetchone()
    assert rows == (FILES,)
    megabytes = limits.getrusage(limits.RUSAGE_SELF).ru_maxrss // 1024
    with capsys.disabled():
        kind = f"{FILES:,} files of {source.SOURCE}, {len(made(0))} bytes each"
        sys.stdout.write(f"\n{kind}: {seconds:.1f} s, again {again:.1f} s, ")
        sys.stdout.write(
            f"{1000 * worked / FILES:.1f} ms of processor time each, at most {megabytes} MB\n"
        )
