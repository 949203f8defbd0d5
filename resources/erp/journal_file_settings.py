"""What the journal-file adapter is told: where its folders lie and how its files are written.

Nothing is secret here: who may read and write the folders is decided by the file system.
"""

import re
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from billing.ledger.segments import DIMENSIONS, SegmentMap
from resources.environment import InvalidSettingError

ENTITY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,31}")


class LineEnd(Enum):
    """How each line of a written file ends."""

    LF = "\n"
    CRLF = "\r\n"


@dataclass(frozen=True)
class JournalFileSettings:
    """`root` holds a folder for each entity, named by its code; neither is ever made by us.

    Raises InvalidSettingError when a code could not be a folder's name everywhere, or when two
    would be one where upper and lower case are the same.
    """

    root: Path
    entities: tuple[str, ...]
    segments: SegmentMap = field(default_factory=SegmentMap)
    line_end: LineEnd = LineEnd.LF
    max_lines: int = 10_000
    dimensions: tuple[str, ...] = DIMENSIONS  # those that the ERP's import has columns for

    def __post_init__(self) -> None:
        variable = "TIEOUT_ERP_FILE_ENTITIES"
        if not all(ENTITY.fullmatch(entity) for entity in self.entities):
            raise InvalidSettingError(variable, "codes of letters, digits and hyphens")
        if len({entity.lower() for entity in self.entities}) != len(self.entities):
            raise InvalidSettingError(variable, "codes that differ in more than their case")
        if not set(self.dimensions) <= set(DIMENSIONS):
            raise InvalidSettingError("TIEOUT_ERP_FILE_DIMENSIONS", f"of {', '.join(DIMENSIONS)}")
