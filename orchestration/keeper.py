"""Keeps parts running: a thread for each looks each second and does what `upkeep.py` decides.

Whatever keeps a part down is told and tried again; nothing of it ends the others.
"""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from orchestration import upkeep
from orchestration.errors import expected
from orchestration.parts import Part
from orchestration.upkeep import Upkeep

LOOK_SECONDS = 1.0
JOIN_SECONDS = 3.0
Tell = Callable[[str], None]


class Keeper:
    """The parts and what is remembered of each."""

    def __init__(self, parts: Sequence[Part], tell: Tell) -> None:
        """Nothing runs before `keep`. `tell` is given a line for each thing that happens."""
        self.parts = list(parts)
        self.known = {part.name: Upkeep() for part in parts}
        self._tell = tell
        self._is_over = threading.Event()
        self._threads: list[threading.Thread] = []

    def keep(self) -> None:
        """Begin to keep every part running."""
        for part in self.parts:
            thread = threading.Thread(target=self._keep, args=(part,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def leave(self) -> None:
        """Look after nothing any more; a start that is under way is waited for, but not long."""
        self._is_over.set()
        for thread in self._threads:
            thread.join(JOIN_SECONDS)

    def stop(self, names: Sequence[str]) -> None:
        """Stop some parts, all at the same time."""
        chosen = [part for part in self.parts if part.name in names]
        with ThreadPoolExecutor(max_workers=max(1, len(chosen))) as pool:
            for done in [pool.submit(part.stop) for part in chosen]:
                done.result()

    def _keep(self, part: Part) -> None:
        while not self._is_over.is_set():
            try:
                self.look(part, time.monotonic())
            except Exception as problem:  # noqa: BLE001 (told and looked at again: a keeper does not end)
                self._tell(f"{part.name} could not be looked at ({_words(problem)})")
                self._is_over.wait(upkeep.PROBE_SECONDS)
            self._is_over.wait(LOOK_SECONDS)

    def look(self, part: Part, now: float) -> None:
        """Look at one part once and do what is due."""
        is_alive = part.is_alive()
        known = self.known[part.name]
        if known.started_at is None and is_alive:
            self.known[part.name] = known = upkeep.after_start(known, now)
        elif known.started_at is not None and not is_alive:
            self.known[part.name] = known = upkeep.after_fall(known, now)
            self._tell(f"{part.name} died; it is started again")
        may_start = all(self._is_there(name) for name in part.needs)
        action = upkeep.next_action(known, now, is_alive=is_alive, may_start=may_start)
        if action == "probe":
            self._probe(part)
        elif action != "leave":
            self._start(part, is_hung=action == "replace")

    def _is_there(self, name: str) -> bool:
        known = self.known.get(name)
        return known is None or (known.started_at is not None and not known.failed_probes)

    def _probe(self, part: Part) -> None:
        answers = part.answers()
        known = self.known[part.name]
        if not answers and not known.failed_probes:
            self._tell(f"{part.name} does not answer")
        if answers and known.failed_probes:
            self._tell(f"{part.name} answers again")
        now = time.monotonic()
        self.known[part.name] = upkeep.after_probe(known, now, answers=answers)

    def _start(self, part: Part, *, is_hung: bool) -> None:
        begun = time.monotonic()
        try:
            if is_hung:
                self._tell(f"{part.name} hangs; it is replaced")
                part.stop()
                self.known[part.name] = upkeep.after_fall(self.known[part.name], begun)
            part.start()
        except Exception as problem:  # noqa: BLE001 (told, and tried again)
            self.known[part.name] = upkeep.after_fall(self.known[part.name], time.monotonic())
            if not self._is_over.is_set():
                self._tell(f"{part.name} could not be started ({_words(problem)})")
            return
        now = time.monotonic()
        self.known[part.name] = upkeep.after_start(self.known[part.name], now)
        self._tell(f"{part.name} runs ({now - begun:.1f} s)  {part.address}".rstrip())


def _words(problem: Exception) -> str:
    """Say what kept a part down; the text of an error that was not foreseen may hold anything."""
    return str(problem) if isinstance(problem, expected()) else type(problem).__name__
