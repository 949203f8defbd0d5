"""The folder that all installations of a user share: Tryton's environment and database template.

It lies in the user's cache by the XDG rules. Tryton runs as the user who gives the command, so its
owner is the one who needs it. Where a cache cannot hold programs, the answer is None and the
installation keeps its own. What is made in the folder belongs to the modules that make it.
"""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

PRIVATE, OTHERS_WRITE = 0o700, 0o022


def shared_folder(environ: Mapping[str, str], name: str) -> Path | None:
    """Return `tieout/NAME` in the user's cache; None where programs cannot or must not lie."""
    cache = _cache(environ)
    if cache is None:
        return None
    try:
        cache.mkdir(parents=True, exist_ok=True)
        made = [_made(cache / "tieout"), _made(cache / "tieout" / name)]
        is_ours = all(path.stat().st_uid == os.geteuid() for path in (cache, *made))
        is_private = not any(path.stat().st_mode & OTHERS_WRITE for path in made)
        usable = is_ours and is_private and _takes_programs(made[-1])
    except OSError:
        return None
    return made[-1] if usable else None


@contextmanager
def held(lock: Path) -> Iterator[int]:
    """Hold a lock file and give its descriptor; the kernel frees what a killed command held."""
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle.fileno()


def _cache(environ: Mapping[str, str]) -> Path | None:
    """Return the cache folder; XDG ignores a path that is not absolute."""
    named, home = Path(environ.get("XDG_CACHE_HOME", "")), Path(environ.get("HOME", ""))
    if named.is_absolute():
        return named
    return home / ".cache" if home.is_absolute() else None


def _made(folder: Path) -> Path:
    folder.mkdir(mode=PRIVATE, exist_ok=True)
    return folder


def _takes_programs(folder: Path) -> bool:
    is_writable = os.access(folder, os.W_OK | os.X_OK)
    return is_writable and not os.statvfs(folder).f_flag & os.ST_NOEXEC
