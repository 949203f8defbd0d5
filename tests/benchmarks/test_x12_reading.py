"""Reading X12: claims and megabytes a second to typed tables and to committed rows, beside peers.

Generated files: an 835 of 50,000 claims and an 837 of 25,000. CPU seconds of a process of its own,
the best of a few. The peers that are no dependency are installed into a folder of the run.
"""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from billing.x12.reader import read_x12, read_x12_parts
from billing.x12.source import Source
from orchestration.tables import table
from resources.archive import Archive
from resources.receipt import Receipt
from resources.warehouse.landing import land
from resources.warehouse.raw_rows import Lineage, copy_rows
from resources.warehouse.receiving import receive
from tests.benchmarks.big_x12 import write_claims, write_remittances

ROOT = Path(__file__).parents[2]
MEASURE = Path(__file__).parent / "x12_measure.py"
REMITTANCES, CLAIMS = 50_000, 25_000
ONE_TRANSACTION = (42_000, 175_000, 700_000)  # claims: about 18, 75 and 300 MB
PEERS = ("openx12", "edi-835-parser==1.8.0")
SLOW = 10  # such peers read a tenth of the file
FILES = 8


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("x12")
    return {
        "835": write_remittances(folder / "big.835", REMITTANCES),
        "837": write_claims(folder / "big.837", CLAIMS),
        "835 tenth": write_remittances(folder / "tenth.835", REMITTANCES // SLOW),
        "837 tenth": write_claims(folder / "tenth.837", CLAIMS // SLOW),
    }


@pytest.fixture(scope="module")
def peers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("peers")
    uv = Path(sys.executable).parent / "uv"
    command = [str(uv), "pip", "install", "-q", "--target", str(folder), *PEERS]
    subprocess.run([*command, "--python", sys.executable], check=True)
    return folder


def _measured(way: str, path: Path, times: int, folder: Path) -> dict[str, Any]:
    environ = {**os.environ, "PYTHONPATH": f"{ROOT}:{folder}"}
    command = [sys.executable, str(MEASURE), way, str(path), str(times)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)
    if done.returncode:
        return {"failed": done.stderr.strip().splitlines()[-1][:60]}
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _row(way: str, kind: str, path: Path, claims: int, found: dict[str, Any]) -> tuple[Any, ...]:
    if "failed" in found:
        return (way, kind, None, None, None, None, found["failed"])
    seconds, megabytes = found["seconds"], path.stat().st_size / 1e6
    return (
        way,
        kind,
        f"{seconds:.2f}",
        round(claims / seconds),
        f"{megabytes / seconds:.1f}",
        round(found["peak_mb"]),
        "",
    )


def test_reading_beside_peers(files: dict[str, Path], peers: Path, capsys: Any) -> None:
    plan = [
        ("tieout", "835", 3),
        ("oxedi", "835", 3),
        ("split", "835", 3),
        ("openx12", "835", 1),
        ("edi_835_parser", "835 tenth", 1),
        ("pyx12", "835 tenth", 1),
        ("tieout", "837", 3),
        ("split", "837", 3),
        ("openx12", "837", 1),
        ("pyx12", "837 tenth", 1),
    ]
    rows = []
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for way, kind, times in plan:
        claims = REMITTANCES if kind.startswith("835") else CLAIMS
        claims = claims // SLOW if kind.endswith("tenth") else claims
        found[way, kind] = _measured(way, files[kind], times, peers)
        rows.append(_row(way, kind, files[kind], claims, found[way, kind]))
    assert found["tieout", "835"]["records"] == REMITTANCES
    assert found["tieout", "837"]["records"] == CLAIMS
    headings = ("reader", "file", "CPU s", "claims/s", "MB/s", "peak MB", "")
    ratio = found["oxedi", "835"]["seconds"] / found["tieout", "835"]["seconds"]
    _say(capsys, table(headings, rows), f"  {ratio:.0%} of the rate of bare oxedi (aim 80 %)")


def test_memory_is_flat(tmp_path: Path, peers: Path, capsys: Any) -> None:
    """One transaction of growing size: the worst case, cut only between claims."""
    rows = []
    for claims in ONE_TRANSACTION:
        path = write_remittances(tmp_path / "one.835", claims, at_once=claims)
        found = _measured("tieout", path, 1, peers)
        assert found["records"] == claims
        peak, size = round(found["peak_mb"]), f"{path.stat().st_size / 1e6:.0f}"
        rows.append((size, f"{found['seconds']:.1f}", peak))
    headings = ("file MB", "CPU s", "peak MB")
    _say(capsys, table(headings, rows), "  limit 300 MB, whatever the size of the file")


def test_a_folder_on_two_cores(files: dict[str, Path], capsys: Any) -> None:
    paths = [str(files["835 tenth"])] * FILES
    with ProcessPoolExecutor(1) as one, ProcessPoolExecutor(2) as two:
        alone, both = _wall(one, paths), _wall(two, paths)
    _say(
        capsys,
        [f"  {FILES} files: {alone:.2f} s on one core, {both:.2f} s on two"],
        f"  {alone / both:.2f} times as fast (aim 1.8)",
    )


def test_committed_rows_beside_a_bare_copy(
    files: dict[str, Path], database: Any, tmp_path: Path, capsys: Any
) -> None:
    content = files["835"].read_bytes()
    parsed = list(read_x12_parts(Source(content)))
    rows = sum(one.num_rows for part in parsed for one in part.tables.values())
    connection = database.connect("ingest")
    receipt = Receipt("clearinghouse", "/in", "big.835", content, None)
    file = receive(connection, Archive(tmp_path), receipt, datetime(2026, 10, 31, tzinfo=UTC))
    begun = time.perf_counter()
    land(connection, file, parsed, datetime(2026, 10, 31, tzinfo=UTC), b"key")
    landed = time.perf_counter() - begun
    copied = _bare_copy(database, file, parsed)
    _say(
        capsys,
        [f"  {rows:,} rows: landed {rows / landed:,.0f}/s, bare COPY {rows / copied:,.0f}/s"],
        f"  {copied / landed:.0%} of the rate of a bare COPY (aim 60 %)",
    )


def _bare_copy(database: Any, file: Any, parsed: Any) -> float:
    """COPY the same rows into tables without keys, committed once."""
    known_at = datetime(2026, 10, 31, tzinfo=UTC)
    with database.admin() as connection:
        names = {name for part in parsed for name in part.tables}
        for name in sorted(names):
            connection.execute(f"alter table raw.{name} rename to kept_{name}")
            connection.execute(f"create table raw.{name} (like raw.kept_{name})")
        begun = time.perf_counter()
        with connection.transaction():
            for part in parsed:
                for name, one in part.tables.items():
                    lineage = Lineage(file.file_id, known_at)
                    copy_rows(connection, name, [(lineage, one)], b"key")
        return time.perf_counter() - begun


def _wall(pool: ProcessPoolExecutor, paths: list[str]) -> float:
    list(pool.map(_read, paths[:2]))  # the processes have started and imported
    begun = time.perf_counter()
    list(pool.map(_read, paths))
    return time.perf_counter() - begun


def _read(path: str) -> int:
    return read_x12(Path(path).read_bytes()).segments


def _say(capsys: Any, lines: list[str], conclusion: str) -> None:
    with capsys.disabled():
        sys.stdout.write("\n".join(["", *lines, conclusion, ""]))
