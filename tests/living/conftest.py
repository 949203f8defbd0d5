"""One living platform whose newest days are held back, and the state that an easy life reaches.

They end with the file that asked for them: an idle platform still looks around, at the cost of
whatever is tested next.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration.state import World
from tests.fixtures.living import Platform

HELD_DAYS = 9
CLAIMS = 200


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """`tieout up`, settled, with the newest days still to come."""
    home = tmp_path_factory.mktemp("living") / "state"
    made = Platform(home, World(claims=CLAIMS))
    made.make(HELD_DAYS)
    try:
        made.start()
        yield made
    finally:
        made.clean()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """The same world, all of it there from the start and nothing killed."""
    home: Path = tmp_path_factory.mktemp("undisturbed") / "state"
    made = Platform(home, World(claims=CLAIMS))
    made.make(0)
    try:
        for held in made.held:
            made.place(held)
        made.start()
        yield made
    finally:
        made.clean()
