"""The clearinghouse: claims as sent and remittances, X12 files on its SFTP server."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from resources.receipt import Receipt, Sighting, SightingKey
from resources.settings import SftpSettings
from resources.sftp import Pickup

SOURCE = "clearinghouse"


def receipts(
    settings: SftpSettings,
    taken: Collection[SightingKey] = frozenset(),
    on_sighting: Callable[[Sighting], None] = lambda _: None,
) -> Iterator[Receipt]:
    """Yield the files that may be taken now; nothing where no server is configured."""
    folders = settings.clearinghouse_folders
    return Pickup(settings, SOURCE, folders, taken, on_sighting).receipts()
