"""One installation for all end-to-end tests, and its story: run, decide, run again, prove.

The files tell the story in the order of their names, on one worker, because they share the group
`installation`: `test_answer_key` and `test_answers` look at the first run, `test_decisions` at what
people decide, `test_proof` at the end of it; `test_your_own_files` gives it another world.
Started as processes of their own, so that the installed command is tested: every run, the first
status, the proof, the evidence pack's verification and `clean`.
"""

from dataclasses import dataclass
from subprocess import CompletedProcess

import pytest

from tests.fixtures.decisions import Decisions, decide
from tests.fixtures.folder import Folder
from tests.fixtures.installation import Installation, cleaned

CLAIMS = ("--claims", "300")
_folder = Folder()


@dataclass(frozen=True)
class FirstRun:
    """What the first whole run said, and which processes it left behind."""

    done: CompletedProcess[str]
    left: list[str]


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Delete the installation when the next test is another folder's."""
    _folder.after(item, nextitem)


@pytest.fixture(scope="session")
def empty_installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """A state folder, in a folder with a space, in which nothing has run yet."""
    return _folder.share(cleaned(tmp_path_factory.mktemp("end to end") / "state"))


@pytest.fixture(scope="session")
def first_run(empty_installation: Installation) -> FirstRun:
    """The first run over a small sandbox; one before it was killed when it began to post."""
    empty_installation.run_killed_after("post: mirror_periods", *CLAIMS)
    done = empty_installation.program("run", *CLAIMS)
    return FirstRun(done, empty_installation.processes())


@pytest.fixture(scope="session")
def installation(empty_installation: Installation, first_run: FirstRun) -> Installation:
    """The installation with the small sandbox in it, and its servers up."""
    assert first_run.done.returncode == 0, first_run.done.stdout + first_run.done.stderr
    empty_installation.keep_up()
    return empty_installation


@pytest.fixture(scope="session")
def decisions(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Decisions:
    """What people asked for, signed and saw posted, by two more runs."""
    return decide(installation, tmp_path_factory.mktemp("decisions"), CLAIMS)
