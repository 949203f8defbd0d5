"""The keeper does what is due for each part, tells of it, and outlives what goes wrong."""

from dataclasses import dataclass, field

import pytest
from rich.console import Console

from orchestration.errors import ExpectedError
from orchestration.keeper import Keeper
from orchestration.screen import parts_table
from orchestration.upkeep import MOST_FAILED_PROBES, PROBE_SECONDS

pytestmark = pytest.mark.promise(
    "A part of `tieout up` that dies or hangs is started again and shown on screen"
)


@dataclass
class Part:
    """A part without a process."""

    name: str
    needs: tuple[str, ...] = ()
    address: str = "127.0.0.1:1"
    lives: bool = False
    replies: bool = True
    fault: Exception | None = None
    starts: int = 0
    done: list[str] = field(default_factory=list)

    def is_alive(self) -> bool:
        return self.lives

    def start(self) -> None:
        self.starts += 1
        if self.fault:
            raise self.fault
        self.lives = self.replies = True

    def answers(self) -> bool:
        return self.replies

    def stop(self) -> None:
        self.done.append("stopped")
        self.lives = False


def kept(*parts: Part) -> tuple[Keeper, list[str]]:
    said: list[str] = []
    return Keeper(parts, said.append), said


def test_a_part_that_died_is_started_again_and_counted() -> None:
    part = Part("code", lives=True)
    keeper, said = kept(part)
    keeper.look(part, 0.0)
    part.lives = False
    keeper.look(part, 1.0)
    assert (part.starts, said) == (0, ["code died; it is started again"])
    keeper.look(part, 2.0)
    assert part.starts == 1
    assert keeper.known["code"].restarts == 1


def test_a_part_waits_for_what_it_needs() -> None:
    database, pages = Part("database"), Part("pages", ("database",))
    keeper, _ = kept(database, pages)
    keeper.look(pages, 0.0)
    assert pages.starts == 0
    keeper.look(database, 0.0)
    keeper.look(pages, 1.0)
    assert pages.starts == 1


def test_what_keeps_a_part_down_is_told_but_no_text_that_was_not_foreseen() -> None:
    part = Part("erp", fault=ExpectedError("port 1 is taken"))
    keeper, said = kept(part)
    keeper.look(part, 0.0)
    assert said == ["erp could not be started (port 1 is taken)"]
    part.fault = RuntimeError("a secret")
    keeper.look(part, 10_000_000.0)
    assert said[-1] == "erp could not be started (RuntimeError)"


def test_a_hung_part_is_stopped_and_started() -> None:
    part = Part("pages", lives=True)
    keeper, said = kept(part)
    keeper.look(part, 0.0)
    part.replies = False
    for _ in range(MOST_FAILED_PROBES):
        keeper.known["pages"] = keeper.known["pages"].__class__(
            started_at=0.0, failed_probes=keeper.known["pages"].failed_probes
        )
        keeper.look(part, PROBE_SECONDS * 2)
    keeper.look(part, PROBE_SECONDS * 2)
    assert (part.done, part.starts) == (["stopped"], 1)
    assert "pages hangs; it is replaced" in said


def test_the_screen_names_each_part_with_its_state_restarts_and_address() -> None:
    part = Part("pages", lives=True, address="http://127.0.0.1:23078")
    keeper, _ = kept(part, Part("daemon", ("code",)))
    keeper.look(part, 0.0)
    console = Console(width=100, record=True, file=None, force_terminal=False)
    with console.capture() as shown:
        console.print(parts_table(keeper))
    lines = shown.get().splitlines()
    assert lines[1].split() == ["pages", "running", "http://127.0.0.1:23078"]
    assert lines[2].split()[:2] == ["daemon", "waiting"]
