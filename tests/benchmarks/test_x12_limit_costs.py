"""What a hostile file costs until its exception, and that a large real one meets no limit."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.big_x12 import write_remittances

MEASURE = Path(__file__).with_name("x12_measure.py")
ROOT = Path(__file__).parents[2]
ISA = (
    "ISA*00*          *00*          *ZZ*A              *ZZ*B              *260101*1200*^*00501"
    "*%09d*0*P*:~"
)
MOST_SECONDS, MOST_MB = 20, 300


def empty_transactions() -> str:
    """Write 26 MB of a million transactions that hold nothing."""
    body = "ST*835*000001~SE*2*000001~" * 1_000_000
    return f"{ISA % 1}GS*HP*A*B*20260101*1200*1*X*005010X221A1~{body}GE*1*1~IEA*1*000000001~"


def headers() -> str:
    """Write 21 MB of 200,000 ISA segments."""
    return "".join(ISA % number for number in range(200_000))


def segments() -> str:
    """Write 18 MB of nine million segments in one transaction."""
    return f"{ISA % 1}GS*HP*A*B*20260101*1200*1*X*005010X221A1~ST*835*1~" + "N~" * 9_000_000


@pytest.mark.parametrize("write", [empty_transactions, headers, segments])
def test_hostile_file_ends_soon_and_in_little_memory(write, tmp_path, capsys):
    path = tmp_path / "hostile.835"
    path.write_text(write())
    found = _measured(path)
    with capsys.disabled():
        sys.stdout.write(f"\n{write.__name__}: {found['seconds']:.1f} s, {found['peak_mb']:.0f} MB")
    assert found["seconds"] < MOST_SECONDS
    assert found["peak_mb"] < MOST_MB


def test_remittance_of_200_000_claims_meets_no_limit(tmp_path, capsys):
    found = _measured(write_remittances(tmp_path / "large.835", 200_000, at_once=200_000))
    with capsys.disabled():
        sys.stdout.write(f"\n200,000 claims: {found['seconds']:.1f} s, {found['peak_mb']:.0f} MB\n")
    assert found["records"] == 200_000


def _measured(path: Path) -> dict[str, float]:
    """Read a file in a program of its own: seconds of processor time, records, peak memory."""
    command = [sys.executable, str(MEASURE), "tieout", str(path), "1"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)
