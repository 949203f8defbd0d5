"""Small files are read several at a time, and a failure is reported for its own file only."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import asyncssh
import pytest

from resources.receipt import Receipt, Sighting
from resources.sftp import Pickup
from resources.sftp_ahead import CHANNELS
from tests.fixtures.sftp_server import OLD, WHOLE, SftpServer

pytestmark = pytest.mark.promise(
    "Small files are read several at a time, and a failure is reported for its own file only"
)
FILES = [f"{number:02}.bai" for number in range(40)]


class Crowded(asyncssh.SFTPServer):
    """Answers a read only when CHANNELS files are open, as long as so many are left to read."""

    opened: ClassVar[set[bytes]] = set()
    is_full: ClassVar[asyncio.Event]

    def open(self, path: bytes, *asked: Any) -> object:
        Crowded.opened.add(path)
        if len(Crowded.opened) >= CHANNELS:
            Crowded.is_full.set()
        return super().open(path, *asked)

    async def read(self, file: object, offset: int, size: int) -> bytes:
        await Crowded.is_full.wait()
        return super().read(file, offset, size)


class Strict(asyncssh.SFTPServer):
    """Allows one channel on a connection."""

    def __init__(self, channel: asyncssh.SSHServerChannel, root: bytes) -> None:
        connection = channel.get_connection()
        if getattr(connection, "has_channel", False):
            raise asyncssh.ChannelOpenError(asyncssh.OPEN_RESOURCE_SHORTAGE, "one channel only")
        connection.has_channel = True
        super().__init__(channel, root)


class Breaking(asyncssh.SFTPServer):
    """Breaks the connection off whenever one certain file is opened."""

    def open(self, path: bytes, *asked: Any) -> object:
        if path.endswith(b"/23.bai"):
            self.channel.get_connection().abort()
        return super().open(path, *asked)


@pytest.fixture
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[SftpServer]:
    root = tmp_path / "root"
    (root / "bank").mkdir(parents=True)
    for name in FILES:
        (root / "bank" / name).write_bytes(WHOLE.replace(b",1,,,2", b",%s,,,2" % name[:2].encode()))
    yield from SftpServer(root, handler=request.param).run()


def pick_up(server: SftpServer) -> tuple[list[Receipt], list[tuple[str, str]]]:
    told: list[Sighting] = []
    settings = server.settings(answer_seconds=10.0)
    pickup = Pickup(settings, "bank", ("/bank",), on_sighting=told.append, now=lambda: OLD)
    found = list(pickup.receipts())
    return found, [(one.key.name, one.reason_code) for one in told]


@pytest.mark.parametrize("server", [Crowded], indirect=True)
def test_several_files_are_read_at_a_time_and_come_in_order(server):
    Crowded.opened, Crowded.is_full = set(), asyncio.Event()
    found, told = pick_up(server)
    assert ([one.name for one in found], told) == (FILES, [])
    assert len({one.content for one in found}) == len(FILES)


@pytest.mark.parametrize("server", [Strict], indirect=True)
def test_server_with_one_channel_a_connection_gives_every_file(server):
    found, told = pick_up(server)
    assert ([one.name for one in found], told) == (FILES, [])


@pytest.mark.parametrize("server", [Breaking], indirect=True)
def test_only_the_file_that_breaks_the_connection_is_reported(server):
    found, told = pick_up(server)
    assert [one.name for one in found] == [name for name in FILES if name != "23.bai"]
    assert told == [("23.bai", "READ_BROKE_OFF")]
