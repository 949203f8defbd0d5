"""One way of reading one X12 file, in a process of its own: prints CPU seconds, records and peak
memory as JSON. Called by test_x12_reading; peers are imported only when they are asked for.
"""

# ruff: noqa: PLC0415 (a process measures one way and imports no other)
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

Way = Callable[[Path], int]


def tieout(path: Path) -> int:
    """Every segment to typed tables, with findings, balances and the proof of losslessness."""
    from billing.x12.reader import read_x12_parts
    from billing.x12.source import Source

    records = 0
    with path.open("rb") as file:
        for part in read_x12_parts(Source(file)):
            records += sum(len(part.tables.get(name, ())) for name in ("remittance_claim", "claim"))
    return records


def oxedi(path: Path) -> int:
    """The built-in 835 specification, its tables as Arrow; no types but its own."""
    import oxedi as peer
    import pyarrow as pa

    read = peer.parse(path.read_bytes())
    tables = {name: pa.table(read.tables[name]) for name in read.tables}
    return len(tables["claims"])


def split(path: Path) -> int:
    """Python's own split into segments and elements."""
    pieces = [piece.split(b"*") for piece in path.read_bytes().split(b"~")]
    return sum(piece[0].strip() in {b"CLP", b"CLM"} for piece in pieces)


def openx12(path: Path) -> int:
    """Full rows as dictionaries, amounts as floats."""
    from openx12 import x835, x837p

    content = path.read_text()
    peer = x835 if "*HP*" in content[:200] else x837p
    return len(peer.parse(content).claims)


def edi_835_parser(path: Path) -> int:
    """Objects, then a pandas frame."""
    from edi_835_parser import parse

    return len(parse(str(path)).to_dataframe())


def pyx12(path: Path) -> int:
    """Validation against the map of the guide."""
    import io

    import pyx12.params
    import pyx12.x12n_document

    params = pyx12.params.params()
    out = io.StringIO()
    with path.open() as source:
        pyx12.x12n_document.x12n_document(params, source, out, None, None)
    return path.read_bytes().count(b"~CLP*") + path.read_bytes().count(b"~CLM*")


WAYS: dict[str, Way] = {
    one.__name__: one for one in (tieout, oxedi, split, openx12, edi_835_parser, pyx12)
}


def main() -> None:
    """Read `argv[2]` by `argv[1]`, as often as `argv[3]` says; the fastest counts."""
    way, path, times = WAYS[sys.argv[1]], Path(sys.argv[2]), int(sys.argv[3])
    best, records = float("inf"), 0
    for _ in range(times):
        begun = time.process_time()
        records = way(path)
        best = min(best, time.process_time() - begun)
    found = {"seconds": best, "records": records, "peak_mb": _peak_mb()}
    sys.stdout.write(json.dumps(found))


def _peak_mb() -> float:
    """The most memory this program has had; getrusage would count what its parent had, too."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
