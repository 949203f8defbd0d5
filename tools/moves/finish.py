"""What follows the moves: import contracts, words of the docs, format, and a report of what is left."""

import re
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
WIDTH = 100
PRAGMA = re.compile(r"#\s*(?:noqa|type:|fmt:)")
OTHERS = {"verify.py", "set_up.py", "q3/verify.py", "command.py"}  # files of packs, of any folder
DECISIONS = "docs/why/decisions"
BULLET = (
    "- Folders say what belongs together: commands, installation, supervisor and terminal; sources, "
    "one package for each ERP, and the warehouse by server, receiving, ledger and control; X12 from "
    "wire to transactions; docs by use, reference and why. Import rules hold each of them.\n"
)
ROOMS = {
    "| `billing/` |": "| `billing/` | The domain in plain Python: X12 (`wire`, `elements`, "
    "`structure`, `specs`, `transactions`), bank and card files, FHIR, rules, the ERP protocol |",
    "| `resources/` |": "| `resources/` | Everything outside: `warehouse` (`server`, `receiving`, "
    "`ledger`, `control`, `schema`), `archive`, `sources`, `erp` with a package for each ERP, "
    "`evidence`, `runtime` of Dagster and dbt |",
    "| `orchestration/` |": "| `orchestration/` | Where it meets: definitions, jobs, the command "
    "line and its `commands`, the `installation` of servers, the `supervisor` of `tieout up`, "
    "Dagster's `pages`, the `terminal` |",
}


def contracts(root: Path, rules: Path) -> None:
    """Put the rules of imports into pyproject.toml, after those there are."""
    path = root / "pyproject.toml"
    text = path.read_text()
    path.write_text(text.replace("[tool.mutmut]", rules.read_text() + "[tool.mutmut]", 1))


def words(root: Path) -> None:
    """Write the decision, the line of the changelog and the table of folders."""
    folder = root / DECISIONS
    numbers = [int(one.name[:4]) for one in folder.glob("[0-9]*.md")]
    number = max(numbers, default=0) + 1
    text = (HERE / "decision.md").read_text().replace("NUMBER", str(number))
    (folder / f"{number:04}-folders-by-subject.md").write_text(text)
    _architecture(root / "docs/why/architecture.md")
    _changelog(root / "CHANGELOG.md")


def _architecture(path: Path) -> None:
    lines = path.read_text().splitlines()
    changed = [next((new for old, new in ROOMS.items() if line.startswith(old)), line)
               for line in lines]
    path.write_text("\n".join(changed) + "\n")


def _changelog(path: Path) -> None:
    """Add the bullet at the end of section 0.1.0."""
    lines = path.read_text().splitlines(keepends=True)
    start = next(no for no, line in enumerate(lines) if line.startswith("## 0.1.0"))
    end = next((no for no in range(start + 1, len(lines)) if lines[no].startswith("## ")),
               len(lines))
    last = max(no for no in range(start, end) if lines[no].strip())
    lines.insert(last + 1, BULLET)
    path.write_text("".join(lines))


def format_all(root: Path) -> None:
    """Sort imports, take unused ones out, format, and break comments that became too long."""
    ruff = root / ".venv/bin/ruff"
    folders = ["billing", "resources", "assets", "sensors", "orchestration", "sandbox", "examples",
               "tests"]
    fix = [str(ruff), "check", "--quiet", "--no-cache", "--fix-only", "--select", "I001,F401"]
    subprocess.run([*fix, *folders], cwd=root, check=True)
    subprocess.run([str(ruff), "format", "--quiet", *folders], cwd=root, check=True)
    for folder in folders:
        for path in (root / folder).rglob("*.py"):
            _broken(path)
    _broken(root / ".env.example")
    subprocess.run([*fix, *folders], cwd=root, check=True)
    subprocess.run([str(ruff), "format", "--quiet", *folders], cwd=root, check=True)


def _broken(path: Path) -> None:
    """Break lines of text and comments that are too long; code is the formatter's."""
    lines = path.read_text().split("\n")
    if all(len(line) <= WIDTH for line in lines):
        return
    out: list[str] = []
    is_text = False
    for line in lines:
        was_text = is_text
        is_text ^= line.count('"""') % 2 == 1
        is_comment = line.lstrip().startswith("#") and "noqa" not in line
        starts = line.lstrip().startswith('"""')
        if len(line) > WIDTH and (was_text or is_comment or starts):
            out += _wrapped(line, "# " if is_comment else "")
        elif len(line) > WIDTH and "  # " in line and not PRAGMA.search(line):
            code, _, comment = line.rpartition("  # ")
            out += [f"{line[: len(line) - len(line.lstrip())]}# {comment}", code]
        else:
            out.append(line)
    path.write_text("\n".join(out))


def _wrapped(line: str, mark: str) -> list[str]:
    indent = line[: len(line) - len(line.lstrip())]
    cut = line.rfind(" ", 0, WIDTH + 1)
    return [line[:cut], f"{indent}{mark}{line[cut + 1:]}"]


def report(root: Path) -> None:
    """Say which modules have no folder yet and which lines are too long."""
    alone = {
        "orchestration": {"__init__", "bootstrap", "cli", "definitions", "jobs", "schedules"},
        "resources": {"__init__", "settings", "code_identity"},
        "resources/warehouse": {"__init__"},
        "billing/x12": {"__init__", "reader", "check", "show", "tally", "rules", "columns",
                        "limits"},
    }
    for folder, known in alone.items():
        for path in sorted((root / folder).glob("*.py")):
            if path.stem not in known:
                print(f"  has no folder yet: {path.relative_to(root)}")
    for package in ("billing", "resources", "assets", "sensors", "orchestration"):
        for path in sorted((root / package).rglob("*.py")):
            count = len(path.read_text().splitlines())
            if count >= 300:
                print(f"  has {count} lines: {path.relative_to(root)}")
    _stale(root)


def _stale(root: Path) -> None:
    """Say which files are named in text and do not exist."""
    name = re.compile(r"(?<![\w./-])(?:billing|resources|assets|sensors|orchestration|docs)/[\w/-]+"
                      r"\.(?:py|md|sql|xsd)\b")
    bare = re.compile(r"(?<![\w./*-])[a-z_]\w*(?:/\w+)*\.py\b")
    listed = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True,
                            check=True).stdout.splitlines()
    for one in listed:
        path = root / one
        if not path.is_file() or path.suffix not in {".py", ".md", ".sql", ".yaml", ".toml", ".yml"}:
            continue
        text = path.read_text()
        for found in name.findall(text):
            if not (root / found).exists():
                print(f"  names what is not there: {one}: {found}")
        for found in bare.findall(text):
            is_whole = name.match(found) or found.startswith(("tests/", "sandbox/", "examples/"))
            if is_whole or one.startswith("tests/") or found in OTHERS:
                continue
            if not any(other.endswith(f"/{found}") for other in listed):
                print(f"  names what is nowhere: {one}: {found}")
            elif path.suffix == ".py" and not (path.parent / found).exists():
                print(f"  names what is elsewhere: {one}: {found}")
