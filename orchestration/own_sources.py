"""A user's own sources: does the environment name any, and what other worlds must not see of them.

The `.env` file of the checkout is read here too. Which variable means what: resources/settings.py.
"""

from collections.abc import Mapping, MutableMapping
from datetime import date, datetime
from itertools import chain
from pathlib import Path

from orchestration.errors import ExpectedError
from orchestration.state import StateFolder, World, read_world

ENV_FILE = Path(__file__).parents[1] / ".env"
ADDRESSES = (
    "TIEOUT_SFTP_HOST", "TIEOUT_BANK_SFTP_HOST", "TIEOUT_CLEARINGHOUSE_SFTP_HOST",
    "TIEOUT_FHIR_URL", "TIEOUT_CARD_URL",
)  # fmt: skip
# Set by the launcher for whatever it starts: then the addresses are its own, not a user's.
LAUNCHED = "TIEOUT_WORLD"
_OURS_OR_NOT = (
    "TIEOUT_SFTP_", "TIEOUT_BANK_SFTP_", "TIEOUT_CLEARINGHOUSE_SFTP_", "TIEOUT_FHIR_",
    "TIEOUT_CARD_",
)  # fmt: skip


class EnvFileError(ExpectedError):
    """A line of the `.env` file is not NAME=value; the text names the line only."""


def names_own_sources(environ: Mapping[str, str]) -> bool:
    """Say whether a user names a source of their own."""
    return not environ.get(LAUNCHED) and any(environ.get(name) for name in ADDRESSES)


def names_own_erp(environ: Mapping[str, str]) -> bool:
    """Say whether a user names an ERP of their own."""
    if environ.get(LAUNCHED):
        return False
    kind = environ.get("TIEOUT_ERP") or "tryton"
    return bool(environ.get("TIEOUT_ERP_URL")) or kind != "tryton"


def own_world(as_of: date | None = None) -> World:
    """The world of a user's own sources, as of today unless another day is asked for."""
    return World(own=True, as_of=as_of or datetime.now().astimezone().date())


def world_to_keep_up(state: StateFolder, environ: Mapping[str, str]) -> World:
    """The world that `tieout up` works on: a user's own sources, else that of the last run."""
    return own_world() if names_own_sources(environ) else read_world(state)


def hidden(environ: Mapping[str, str]) -> dict[str, str]:
    """Empty values of every variable that would let a sandbox's world reach a user's systems."""
    from resources.erp_settings import PREFIXES  # noqa: PLC0415 (help and bootstrap do without)

    beginnings = (*_OURS_OR_NOT, *chain.from_iterable(PREFIXES.values()))
    return {
        name: ""
        for name in environ
        if name == "TIEOUT_ERP" or (name.startswith(beginnings) and not name.endswith("_SECONDS"))
    }


def read_env_file(environ: MutableMapping[str, str], path: Path | None = None) -> None:
    """Add what the `.env` file says to `environ`; what is given there wins. Raises EnvFileError.

    TIEOUT_ENV_FILE names another file.
    """
    place = path or Path(environ.get("TIEOUT_ENV_FILE") or ENV_FILE)
    if not place.exists():
        return
    for number, line in enumerate(place.read_text(encoding="utf-8").splitlines(), 1):
        text = line.strip()
        if text and not text.startswith("#"):
            name, value = _pair(text, f"{place.name}, line {number}")
            environ.setdefault(name, value)


def _pair(text: str, where: str) -> tuple[str, str]:
    name, sign, value = text.removeprefix("export ").partition("=")
    name, value = name.strip(), value.strip()
    if not sign or not name.isidentifier():
        raise EnvFileError(f"{where}: not NAME=value")
    if value[:1] in {"'", '"'}:
        if len(value) < 2 or value[-1] != value[0]:
            raise EnvFileError(f"{where}: the quote is not closed on the line")
        value = value[1:-1]
    return name, value
