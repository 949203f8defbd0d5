"""Translates files that were written against the old names, after the moves: `late.py CHECKOUT FILE...`

For what is merged later. A name that exists in the checkout as it stands is left as it is. Files
are not moved, only their text is changed; run ruff afterwards.
"""

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import rewrite  # noqa: E402
import splits  # noqa: E402
from table import DOC_FOLDERS, DOCS, ERP_FOLDER, ERPS, FOLDERS, PREFIXES  # noqa: E402


class LatePlan(rewrite.Plan):
    """A plan that leaves alone what is already a name of today."""

    root: Path

    def stays(self, name: str) -> bool:
        """Say whether an imported module is one of today."""
        return _is_today(self.root, name)

    def module(self, name: str) -> str:
        """Return where a dotted name is now, itself where a module of today begins like it."""
        parts = name.split(".")
        for length in range(len(parts), 1, -1):
            if _is_today(self.root, ".".join(parts[:length])):
                return name
        return super().module(name)


def main(root: Path, names: list[str]) -> None:
    """Translate each file and say which changed."""
    files = _known(root)
    found = {("orchestration.status", "rows"): "orchestration.terminal.rows"}
    for names_of, home in ((splits.IN_SERVER, "resources.warehouse.server.settings"),
                           (splits.IN_SOURCES, "resources.sources.settings"),
                           (("InvalidSettingError", "MissingSettingError"),
                            "resources.environment.variables"),
                           (("SftpSettings", "read_sftp"), "resources.sources.sftp.settings"),
                           (("ErpChoice", "read_erp"), "resources.erp.settings")):
        found |= {("resources.settings", name): home for name in names_of}
    listed = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=True)
    plan = LatePlan(files, found, frozenset(listed.stdout.splitlines()))
    plan.root = root
    plan.modules = {old: new for old, new in plan.modules.items() if not _is_today(root, old)}
    for name in names:
        text = (root / name).read_text()
        changed = rewrite.rewrite(plan, name, name, text)
        if changed != text:
            (root / name).write_text(changed)
            print(f"  translated: {name}")


def _is_today(root: Path, module: str) -> bool:
    return root.joinpath(*module.split(".")).with_suffix(".py").is_file()


def _known(root: Path) -> dict[str, str]:
    found = {old: f"{folder}/{new}" for folder, names in FOLDERS.items()
             for old, new in names.items()}
    for erp in ERPS:
        for path in (root / ERP_FOLDER / erp).glob("*.py"):
            old = f"{erp}.py" if path.name == "ledger.py" else f"{erp}_{path.name}"
            found[f"{ERP_FOLDER}/{old}"] = f"{ERP_FOLDER}/{erp}/{path.name}"
    for prefix, folder in PREFIXES.items():
        for path in (root / folder).glob("*.py"):
            found.setdefault(prefix + path.name, folder + path.name)
    found |= {old: f"{folder}/{Path(old).name.replace('_', '-')}" for old, folder in DOCS.items()}
    for old, folder in DOC_FOLDERS.items():
        for path in (root / folder).glob("*.md"):
            found[f"{old}/{path.name[:5].replace('-', '_')}{path.name[5:].replace('-', '_')}"] = (
                f"{folder}/{path.name}"
            )
    found |= {**DOC_FOLDERS, f"{ERP_FOLDER}/tryton_scripts": f"{ERP_FOLDER}/tryton/scripts"}
    return {old: new for old, new in found.items() if not (root / old).is_file()}


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2:])
