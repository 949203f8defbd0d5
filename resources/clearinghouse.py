"""The clearinghouse: claims as sent and remittances, X12 files on its SFTP server."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from resources.receipt import Receipt, Sighting, SightingKey, Waiting
from resources.sftp import Pickup
from resources.sftp_settings import SftpSettings

SOURCE = "clearinghouse"


def pickup(
    settings: SftpSettings,
    taken: Collection[SightingKey] = frozenset(),
    on_sighting: Callable[[Sighting], None] = lambda _: None,
    waiting: Mapping[SightingKey, Waiting] | None = None,
) -> Pickup:
    """Return the pick-up of this source's folders."""
    folders = settings.clearinghouse_folders
    return Pickup(settings, SOURCE, folders, taken, on_sighting, waiting=waiting or {})


def receipts(
    settings: SftpSettings,
    taken: Collection[SightingKey] = frozenset(),
    on_sighting: Callable[[Sighting], None] = lambda _: None,
    waiting: Mapping[SightingKey, Waiting] | None = None,
) -> Iterator[Receipt]:
    """Yield the files that may be taken now; nothing where no server is configured."""
    return pickup(settings, taken, on_sighting, waiting).receipts()
