"""One living platform whose newest days are held back, and the state that a whole run reaches.

The platform ends with this folder: an idle one still looks around, at the cost of whatever is
tested next. The group `living` keeps its files on one worker.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from orchestration.state import World, state_folder
from tests.fixtures.folder import Folder
from tests.fixtures.installation import Installation, cleaned
from tests.fixtures.living import HASH_KEY, Platform
from tests.fixtures.mart_checksums import checksums

HELD_DAYS = 9
CLAIMS = 200
RUNS = 3
LEDGER = """
select entity_code, account, erp_balance_amount from marts.mart_ledger_reconciliation
where erp_balance_amount <> 0 order by 1, 2
"""


_folder = Folder()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Stop the platform when the next test is another folder's."""
    _folder.after(item, nextitem)


@dataclass(frozen=True)
class Undisturbed:
    """What `tieout run` comes to: balances of the ERP, checksums of the marts, parsed models."""

    balances: list[tuple[Any, ...]]
    checksums: dict[str, str]
    models: Path


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """One run over the same world, all of it there at once and nothing killed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    with cleaned(folder / "state", {"TIEOUT_HASH_KEY": HASH_KEY}) as installation:
        _run_until_posted(installation)
        models = shutil.copytree(state_folder(installation.environ).dbt, folder / "dbt")
        with installation.connected("bi_reader") as connection:
            balances = connection.execute(LEDGER).fetchall()
            return Undisturbed(balances, checksums(connection), models)


def _run_until_posted(installation: Installation) -> None:
    """Run, and run again where an answer of the ERP came too late: it is read back then."""
    for _ in range(RUNS):
        done = installation.program("run", "--claims", str(CLAIMS))
        if done.returncode == 0:
            return
    raise AssertionError(done.stdout + done.stderr)


@contextmanager
def living_platform(home: Path, models: Path) -> Iterator[Platform]:
    """`tieout up`, settled, with the newest days still to come; `models` are parsed already."""
    made = Platform(home, World(claims=CLAIMS))
    made.make(HELD_DAYS)
    shutil.copytree(models, state_folder(made.environ).dbt, dirs_exist_ok=True)
    try:
        made.start()
        yield made
    finally:
        made.clean()


@pytest.fixture(scope="session")
def platform(undisturbed: Undisturbed, tmp_path_factory: pytest.TempPathFactory) -> Platform:
    """The platform of the tests that kill a part once, or ask it as a scheduler does."""
    home = tmp_path_factory.mktemp("living") / "state"
    return _folder.share(living_platform(home, undisturbed.models))
