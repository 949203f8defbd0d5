"""What the guides call a loop that is one here: 2310B of a professional claim is 2310D of an
institutional one, and a level lends its letter to the loops in it. How, not which.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from billing.x12.index import Index, SegmentIndex
from billing.x12.loops import Loops
from billing.x12.values import text

GUIDE_LENGTH = 10


@dataclass(frozen=True)
class LoopId:
    """The ids of the instances of `loop`.

    Inside one of `levels` it takes the letter that the id of the level ends with. By guide (the
    first ten characters of a version), `by_guide` gives the id for that and for what `element`
    of the trigger says. What neither knows keeps the name of the loop.
    """

    loop: str
    by_guide: Mapping[str, Mapping[tuple[str, str], str]] = field(default_factory=dict)
    levels: tuple[str, ...] = ()
    element: int = 1


class LoopNames:
    """The ids of all loops of a document that have more than one, by their trigger."""

    def __init__(
        self,
        index: SegmentIndex,
        loops: Loops,
        ids: Sequence[LoopId],
        versions: Callable[[Index], list[str]],
    ) -> None:
        """`versions` gives for each segment the version of its transaction; it is not kept."""
        self._index, self._loops = index, loops
        self.ids = [""]
        # For each segment which of the ids it opens; the last stands for "no trigger".
        self.number: Index = np.zeros(len(index) + 1, np.int16)
        for one in ids:
            triggers = loops.starts(one.loop)
            if len(triggers):
                self._name(one, triggers, versions(triggers))

    def _name(self, one: LoopId, triggers: Index, of: list[str]) -> None:
        """Name each combination of version, letter and code once: they are few."""
        codes = text(self._index.binary(self._index.element(triggers, one.element)))
        versions = pa.array(of, pa.string())
        parts = [versions, self._letters(one, triggers), codes]
        encoded = [part.dictionary_encode("encode") for part in parts]
        key = np.zeros(len(triggers), np.int64)
        for part in encoded:
            key = key * len(part.dictionary) + part.indices.to_numpy()
        _, first, which = np.unique(key, return_index=True, return_inverse=True)
        number = [
            self._number_of(one, *(part[int(row)].as_py() or "" for part in parts))
            for row in first.tolist()
        ]
        self.number[triggers] = np.array(number, np.int16)[which.reshape(-1)]

    def _number_of(self, one: LoopId, version: str, letter: str, code: str) -> int:
        named = one.loop + letter
        known = one.by_guide.get(version[:GUIDE_LENGTH].upper(), {})
        name = known.get((named, code), named)
        if name == one.loop:
            return 0
        if name not in self.ids:
            self.ids.append(name)
        return self.ids.index(name)

    def _letters(self, one: LoopId, triggers: Index) -> pa.Array:
        """Return for each trigger the letter of the level it stands in, blank where none is."""
        if not one.levels:
            return pa.repeat(pa.scalar("", pa.string()), len(triggers))
        owner = self._loops.owner(*one.levels)[triggers]
        own = pa.array(self.ids).take(pa.array(self.number[owner]))
        general = pc.fill_null(self._loops.names(owner), "")
        last = pc.utf8_slice_codeunits(pc.if_else(pc.equal(own, ""), general, own), -1)
        is_letter = pc.and_(pc.utf8_is_alpha(last), pa.array(owner >= 0))
        return pc.if_else(is_letter, last, "")
