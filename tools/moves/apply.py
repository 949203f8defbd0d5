"""Moves the files of a checkout of Tieout into the folders of the house: `apply.py CHECKOUT`.

Run it once, on a clean checkout whose `.venv` was made by `make install`. It commits nothing.
What it does and leaves is in README.md beside this file.
"""

import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import finish  # noqa: E402
import splits  # noqa: E402
from rewrite import Plan, rewrite  # noqa: E402
from table import DOC_FOLDERS, DOCS, ERP_FOLDER, ERPS, FOLDERS, PREFIXES, WHY  # noqa: E402

LEFT_ALONE = ("uv.lock", "LICENSE", "tests/fixtures/x12/", "tests/fixtures/bank/")


def main(root: Path) -> None:
    """Do all of it, and say what was left."""
    if (root / splits.OPTIONS).is_file():
        raise SystemExit("the moves are done already")
    if _git(root, "status", "--porcelain", "--untracked-files=no"):
        raise SystemExit("the checkout has changes that are not committed")
    files = _planned(root)
    plan = Plan(files, splits.symbols(root))
    texts = _texts(root, plan)
    for old, new in files.items():
        (root / new).parent.mkdir(parents=True, exist_ok=True)
        _git(root, "mv", old, new)
    for new, text in texts.items():
        (root / new).write_text(text)
    made = splits.split_all(root)
    if (root / splits.OPTIONS).is_file():
        splits.share_options(root)
    _packages(root)
    finish.contracts(root, HERE / "contracts.toml")
    finish.words(root)
    _git(root, "add", "--all", ".")
    finish.format_all(root)
    _git(root, "add", "--all", ".")
    print(f"moved {len(files)} files and folders, wrote {len(made)} new ones")
    finish.report(root)


def _planned(root: Path) -> dict[str, str]:
    tracked = set(_git(root, "ls-files").splitlines())
    folders = {one.rsplit("/", n)[0] for one in tracked for n in range(1, one.count("/") + 1)}
    found: dict[str, str] = {}
    for folder, names in FOLDERS.items():
        for old, new in names.items():
            if old in tracked or old in folders:
                found[old] = f"{folder}/{new}"
            else:
                print(f"  not there, not moved: {old}")
    return found | _erp_files(tracked) | _documents(tracked) | _by_prefix(tracked - found.keys())


def _by_prefix(tracked: set[str]) -> dict[str, str]:
    found = {one: folder + one.removeprefix(prefix) for one in tracked
             for prefix, folder in PREFIXES.items() if one.startswith(prefix)}
    for old, new in found.items():
        print(f"  placed by its prefix: {old} -> {new}")
    return found


def _erp_files(tracked: set[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in sorted(tracked):
        parts = one.split("/")
        if parts[:2] != ERP_FOLDER.split("/"):
            continue
        name = parts[2]
        erp = next((erp for erp in ERPS if re.match(rf"{erp}[_.]", name)), None)
        if erp is None:
            continue
        new = "ledger.py" if name == f"{erp}.py" else name.removeprefix(f"{erp}_")
        found["/".join(parts[:3])] = f"{ERP_FOLDER}/{erp}/{new}"
    return found


def _documents(tracked: set[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in sorted(tracked):
        if not one.startswith("docs/"):
            continue
        folder, name = one.rsplit("/", 1)
        if one in DOCS:
            found[one] = f"{DOCS[one]}/{name.replace('_', '-')}"
        elif folder in DOC_FOLDERS:
            found[one] = f"{DOC_FOLDERS[folder]}/{name.replace('_', '-')}"
        elif folder == "docs":
            print(f"  a page without a place, moved to {WHY}: {one}")
            found[one] = f"{WHY}/{name.replace('_', '-')}"
    return found


def _texts(root: Path, plan: Plan) -> dict[str, str]:
    """Return the new text of each tracked file by its new path, where it changes."""
    tracked = _git(root, "ls-files").splitlines()
    whole = Plan(plan.files | DOC_FOLDERS, plan.symbols, frozenset(tracked))
    for key, module in whole.symbols.items():
        whole.symbols[key] = whole.module(module)
    found: dict[str, str] = {}
    for old in tracked:
        path = root / old
        if old.startswith(LEFT_ALONE) or path.is_symlink() or not path.is_file():
            continue
        try:
            text = path.read_bytes().decode()
        except UnicodeDecodeError:
            continue
        new = _new_path(plan, old)
        changed = rewrite(whole, old, new, text)
        if changed != text:
            found[new] = changed
    return found


def _new_path(plan: Plan, old: str) -> str:
    if old in plan.files:
        return plan.files[old]
    for folder, new in plan.files.items():
        if old.startswith(f"{folder}/"):
            return new + old[len(folder):]
    return old


def _packages(root: Path) -> None:
    """Each folder with modules is a package, its file empty."""
    for package in ("billing", "resources", "orchestration"):
        for path in (root / package).rglob("*.py"):
            if "scripts" not in path.parts and not (path.parent / "__init__.py").exists():
                (path.parent / "__init__.py").touch()
    for folder in [*(root / "orchestration").rglob("*"), *(root / "resources").rglob("*")]:
        is_package = folder.is_dir() and folder.name != "scripts" and any(folder.glob("*/__init__.py"))
        if is_package and not (folder / "__init__.py").exists():
            (folder / "__init__.py").touch()


def _git(root: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("apply.py CHECKOUT")
    main(Path(sys.argv[1]).resolve())
