"""Where the parsed dbt project comes from: made at install, taken from there, else parsed here.

A parse is known by the content of the project and by dbt's version. Run as a program, this module
makes the parse that installing leaves in the environment. How dbt is called is in `dbt_runner.py`.
"""

import hashlib
import os
import shutil
import sys
from importlib.metadata import version
from pathlib import Path

SOURCE_FOLDERS = ("models", "seeds", "macros", "tests", "snapshots", "analyses")
SOURCE_FILES = ("dbt_project.yml", "profiles.yml", "packages.yml")
PACKAGES = ("dbt-core", "dbt-postgres")
PARSED = ("manifest.json", "partial_parse.msgpack")
STATE = Path(sys.prefix) / "tieout-dbt"
KEY, PLACE = "sources.sha256", "project.path"


def source_key(project: Path) -> str:
    """Return what names a parse of the project: the content of its files and dbt's version."""
    digest = hashlib.sha256(" ".join(map(version, PACKAGES)).encode())
    for path in _sources(project):
        digest.update(str(path.relative_to(project)).encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def is_parsed(target: Path, key: str) -> bool:
    """Say whether a folder holds the whole parse that `key` names."""
    mark = target / KEY
    return mark.exists() and mark.read_text() == key and _is_complete(target)


def mark_parsed(target: Path, project: Path, key: str) -> None:
    """Say in the folder of a parse what it is of; written last, once all else is there."""
    (target / PLACE).write_text(str(project.resolve()))
    (target / KEY).write_text(key)


def installed() -> Path:
    """Return the folder of the environment in which installing leaves a parse."""
    return STATE / "target"


def take_installed(target: Path, project: Path, key: str) -> bool:
    """Copy the parse that was made at install; say whether it is the one that `key` names.

    One of other content is copied only where there is none: dbt then parses what differs. One of
    a project in another place is left alone, since seeds are read from where they were parsed.
    """
    source = installed()
    place = source / PLACE
    if not (place.exists() and place.read_text() == str(project.resolve())):
        return False
    is_wanted = is_parsed(source, key)
    if is_wanted or (_is_complete(source) and not _is_complete(target)):
        target.mkdir(parents=True, exist_ok=True)
        for name in PARSED:
            partial = target / f"{name}.{os.getpid()}.partial"
            shutil.copyfile(source / name, partial)
            partial.replace(target / name)
    return is_wanted


def _is_complete(folder: Path) -> bool:
    return all((folder / name).exists() for name in PARSED)


def _sources(project: Path) -> list[Path]:
    named = [project / name for name in SOURCE_FILES]
    found = [path for name in SOURCE_FOLDERS for path in (project / name).rglob("*")]
    return sorted(path for path in (*named, *found) if path.is_file())


def main() -> int:
    """Make the parse that installing leaves behind."""
    from resources.dbt_runner import DbtParseError, DbtRunner  # noqa: PLC0415 (imports this one)

    try:
        DbtRunner(Path(__file__).parents[1] / "dbt_project", STATE).ensure_manifest()
    except DbtParseError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
