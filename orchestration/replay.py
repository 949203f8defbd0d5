"""`tieout replay`: what is refused before a run exists; the replay is the job `replay_file`."""

from collections.abc import Mapping
from contextlib import closing

from orchestration.errors import ExpectedError
from orchestration.launcher import Launcher
from orchestration.progress import Progress
from resources.warehouse import replaying
from resources.warehouse.database import connect


class UnknownFileError(ExpectedError):
    """No file that was received goes by what was given."""


def refuse_unknown(environ: Mapping[str, str], file: str) -> None:
    """Return where a received file goes by this name or SHA-256. Raises UnknownFileError."""
    launcher = Launcher(environ, Progress(is_quiet=True))
    with (
        launcher.database() as settings,
        closing(connect(settings.database, "ingest")) as connection,
    ):
        if not replaying.named(connection, file):
            raise UnknownFileError(
                "no received file has this name, or a SHA-256 that begins so (eight digits or more)"
            )
