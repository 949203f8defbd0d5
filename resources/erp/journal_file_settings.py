"""What the journal-file adapter is told: where its folders lie and how its files are written.

Nothing is secret here: who may read and write the folders is decided by the file system.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from billing.ledger.segments import DIMENSIONS, SegmentMap
from resources.environment import InvalidSettingError
from resources.environment_section import Section

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


def read_journal_file(environ: Mapping[str, str], segments: SegmentMap) -> JournalFileSettings:
    """Read the variables of docs/erp/journal_file.md.

    Raises MissingSettingError, InvalidSettingError.
    """
    told = Section(environ, "TIEOUT_ERP_FILE_")
    line_end = told.text("LINE_END", LineEnd.LF.name)
    if line_end not in LineEnd.__members__:
        raise InvalidSettingError("TIEOUT_ERP_FILE_LINE_END", "LF or CRLF")
    return JournalFileSettings(
        root=Path(told.required("ROOT")),
        entities=told.listed("ENTITIES", ",".join(segments.entities)),
        segments=segments,
        line_end=LineEnd[line_end],
        max_lines=told.integer("MAX_LINES", 10_000),
        dimensions=told.listed("DIMENSIONS", ",".join(DIMENSIONS)),
    )
