"""How what a build takes grows with the claims: measured, never asserted.

Worlds of 5,000, 20,000 and 100,000 claims; BENCH=full adds 1,000,000, and BENCH=5000,20000 names
others. The exponent between two sizes is 1 where ten times the claims take ten times the seconds.
The suite holds the same promise by plans, without a clock: tests/marts/test_marts_sandbox.py.
"""

import json
import math
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from orchestration.tables import table

ROOT = Path(__file__).parents[2]
SIZES = (5_000, 20_000, 100_000)
FULL = 1_000_000
SLOWEST = 10
LEAST_SECONDS = 0.5  # below it an exponent is that of the clock


def sizes() -> list[int]:
    """Return the numbers of claims to measure, the smallest first."""
    asked = os.environ.get("BENCH", "")
    if asked == "full":
        return [*SIZES, FULL]
    return sorted(int(one) for one in asked.split(",")) if asked else list(SIZES)


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What each world took, one after the other in one installation."""
    home = tmp_path_factory.mktemp("growth") / "state"
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("TIEOUT_", "DAGSTER_"))}
    environ = {**kept, "TIEOUT_HOME": str(home), "TIEOUT_ENV_FILE": os.devnull}
    try:
        yield [_measured(environ, claims) for claims in sizes()]
    finally:
        tieout = str(Path(sys.executable).parent / "tieout")
        subprocess.run([tieout, "clean"], env=environ, check=True, capture_output=True)


def _measured(environ: dict[str, str], claims: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.growth_world", str(claims)]
    done = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _exponents(claims: list[int], seconds: list[float]) -> list[str]:
    """Return the growth from each size to the next, where it is long enough to be measured."""
    return [
        f"{math.log(late / early) / math.log(many / few):.2f}" if early >= LEAST_SECONDS else "."
        for few, many, early, late in zip(claims, claims[1:], seconds, seconds[1:], strict=False)
    ]


def _rows(worlds: list[dict[str, Any]], kind: str) -> list[tuple[str, ...]]:
    """Make a row per part, the longest first; the ten slowest models are marked."""
    claims = [world["claims"] for world in worlds]
    names = sorted(worlds[-1][kind], key=worlds[-1][kind].get, reverse=True)
    rows = []
    for place, name in enumerate(names):
        seconds = [world[kind].get(name, 0.0) for world in worlds]
        mark = "*" if kind == "models" and place < SLOWEST else ""
        shown = [f"{one:.2f}" for one in seconds]
        rows.append((mark, name, *shown, *_exponents(claims, seconds)))
    return rows


def test_what_a_build_takes_grows_with_its_claims(worlds: Any, capsys: Any) -> None:
    claims = [f"{world['claims']:,}" for world in worlds]
    growth = [f"{few} to {many}" for few, many in pairwise(claims)]
    with capsys.disabled():
        for kind in ("parts", "models"):
            heads = ["", f"seconds, {kind}", *claims, *growth]
            sys.stdout.write("\n" + "\n".join(table(heads, _rows(worlds, kind))) + "\n")
