"""Makes `.venv` from the machine's own Python: the one script that runs outside it.

Standard library only, and syntax that an older Python can read, so that it can say what is missing.
Nothing about databases or servers belongs here: see `launcher.py`.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

OLDEST, TOO_NEW = (3, 11), (3, 14)
UV = "uv==0.13.9"
NAMES = ("python3.13", "python3.12", "python3.11")
PACKAGES = ("billing", "resources", "assets", "sensors", "orchestration", "sandbox")


def main() -> int:
    """Bring `.venv` in step with `uv.lock`; quick when nothing changed. Returns an exit code."""
    root = Path(__file__).resolve().parents[1]
    if not OLDEST <= sys.version_info[:2] < TOO_NEW:
        return _hand_over()
    venv = root / ".venv"
    if _is_current(root, venv):
        compile_packages(root, venv)
        return 0
    started = time.monotonic()
    _say("environment: installing what uv.lock names into .venv")
    problem = _make_venv(venv) or _install(root, venv)
    if problem:
        _say(problem)
        return 1
    compile_packages(root, venv)
    _parse_models(root, venv)
    (venv / "tieout.lock").write_text(_fingerprint(root), encoding="utf-8")
    _say(f"environment: ready after {time.monotonic() - started:.1f} s")
    return 0


def _hand_over() -> int:
    """Run again under a Python that is new enough, or say what to install."""
    for name in NAMES:
        found = shutil.which(name)
        if found and subprocess.call([found, "-c", "import venv"], stderr=subprocess.DEVNULL) == 0:
            return subprocess.call([found, __file__])
    _say(
        "Tieout needs Python 3.11, 3.12 or 3.13, and this one is "
        + sys.version.split()[0]
        + ". Install one (Debian and Ubuntu: apt-get install python3 python3-venv),"
        + " or name it: make run PYTHON=/path/to/python3.12"
    )
    return 1


def _is_current(root: Path, venv: Path) -> bool:
    marker = venv / "tieout.lock"
    if not marker.is_file() or not (venv / "bin" / "tieout").exists():
        return False
    return marker.read_text(encoding="utf-8") == _fingerprint(root)


def _fingerprint(root: Path) -> str:
    """Lock, project file and place: a venv does not survive being moved."""
    parts = [(root / name).read_bytes() for name in ("uv.lock", "pyproject.toml")]
    return hashlib.sha256(b"\0".join([*parts, os.fsencode(root)])).hexdigest()


def _make_venv(venv: Path) -> str:
    """A venv with pip and uv in it; one that was left half made is made anew."""
    if _has_uv(venv):
        return ""
    if _call([sys.executable, "-c", "import ensurepip, venv"]) != 0:
        return (
            "The venv module of this Python is incomplete (no ensurepip). Debian and Ubuntu: "
            "apt-get install python3-venv, then run the same command again."
        )
    if _call([sys.executable, "-m", "venv", "--clear", str(venv)]) != 0:
        return "Could not make .venv: see the lines above."
    pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    if _call([*pip, "--disable-pip-version-check", UV]) != 0:
        return "Could not install uv from the package index: is it reachable?"
    return ""


def _has_uv(venv: Path) -> bool:
    python, uv = venv / "bin" / "python", venv / "bin" / "uv"
    if not (python.exists() and uv.exists()):
        return False
    code = f"import sys; sys.exit(not ({OLDEST} <= sys.version_info[:2] < {TOO_NEW}))"
    return _call([str(python), "-c", code]) == 0 and _call([str(uv), "--version"], quiet=True) == 0


def _install(root: Path, venv: Path) -> str:
    """`uv sync` exactly what the lock names. `--inexact` keeps pip and uv themselves."""
    environ = dict(os.environ, UV_PROJECT_ENVIRONMENT=str(venv), VIRTUAL_ENV=str(venv))
    command = [str(venv / "bin" / "uv"), "sync", "--frozen", "--inexact", "--quiet"]
    command += ["--compile-bytecode"]
    command += ["--no-python-downloads", "--python", str(venv / "bin/python")]
    if subprocess.call(command, cwd=str(root), env=environ) != 0:
        return "uv sync failed: see the lines above. Nothing is lost: run the same command again."
    return ""


def compile_packages(root: Path, venv: Path) -> None:
    """Compile our own packages; only files that changed since the last time cost anything.

    Where PYTHONDONTWRITEBYTECODE is set no start of ours would keep what it compiled. Python never
    uses a compiled file whose source has another time or size.
    """
    command = [str(venv / "bin" / "python"), "-m", "compileall", "-qq", *PACKAGES]
    if subprocess.call(command, cwd=str(root)) != 0:
        _say("environment: not every module could be compiled ahead; commands start slowly")


def _parse_models(root: Path, venv: Path) -> None:
    """Parse the dbt project once, here: each later start takes the parse as it lies there."""
    command = [str(venv / "bin" / "python"), "-m", "resources.dbt_manifest"]
    if subprocess.call(command, cwd=str(root)) != 0:
        _say("environment: the models are not parsed; a run parses them when they are mended")


def _call(command: "list[str]", quiet: bool = False) -> int:
    out = subprocess.DEVNULL if quiet else None
    return subprocess.call(command, stdout=out)


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
