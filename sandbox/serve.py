"""The outside world as servers: SFTP, and FHIR and card API over HTTP, in one process.

`python -m sandbox.serve --folder DIR --address-file FILE` serves a generated folder until SIGTERM;
with `--files FOLDER` the user's own files are served over SFTP and nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette

from sandbox import serve_sftp
from sandbox.card_lists import FollowedLists
from sandbox.credentials import (
    CLIENT_ID,
    EC_KEY_ID,
    SFTP_USER,
    Credentials,
    load_or_make,
    write_private,
)
from sandbox.placing import make_folders, place_files
from sandbox.serve_cards import CardServer
from sandbox.serve_fhir import FhirServer, load_resources
from sandbox.serve_login import Login

Addresses = dict[str, dict[str, Any]]


class _Server(uvicorn.Server):
    """A web server that leaves signals to the process around it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def web_application(folder: Path, credentials: Credentials) -> Starlette:
    """Return the FHIR server and the card API over a generated folder."""
    login = Login({CLIENT_ID: credentials.registered_keys()}, time.time)
    fhir = FhirServer(login, load_resources(folder / "fhir"))
    cards = CardServer(FollowedLists(folder / "cards"), credentials.card_key)
    return Starlette(routes=[*fhir.routes(), *cards.routes()])


async def serve(folder: Path, address_file: Path, ports: tuple[int, int], is_whole: bool) -> None:
    """Serve until SIGTERM or SIGINT; the address file appears once everything listens."""
    credentials = load_or_make(folder)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    root = folder / "sftp"
    make_folders(root)
    key = serve_sftp.host_key(folder)
    sftp = await serve_sftp.start(root, key, credentials.sftp_password, ports[0])
    addresses: Addresses = {"sftp": _sftp_address(sftp.get_port(), credentials, key)}
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(_close, sftp)
        if is_whole:
            port = await stack.enter_async_context(_web(folder, credentials, ports[1]))
            addresses |= web_addresses(port, credentials)
        write_private(address_file, json.dumps(addresses, indent=1))
        stack.callback(address_file.unlink, missing_ok=True)
        await stop.wait()


@contextlib.asynccontextmanager
async def _web(folder: Path, credentials: Credentials, port: int) -> Any:
    """Run the web server in the background and give its port once it answers."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        # Small answers over one connection: without this each waits 40 ms for an acknowledgement.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        application = web_application(folder, credentials)
        config = uvicorn.Config(application, log_level="warning", access_log=False, lifespan="off")
        server = _Server(config)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started and not task.done():
            await asyncio.sleep(0.02)
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await task


async def _close(sftp: Any) -> None:
    sftp.close()
    await sftp.wait_closed()


def _sftp_address(port: int, credentials: Credentials, key: Any) -> dict[str, Any]:
    return {
        "host": "127.0.0.1",
        "port": port,
        "user": SFTP_USER,
        "password": credentials.sftp_password,
        "host_key": serve_sftp.public_line(key),
    }


def web_addresses(port: int, credentials: Credentials) -> Addresses:
    """Return what a client has to know about the two web servers on a port."""
    base = f"http://127.0.0.1:{port}"
    return {
        "fhir": {
            "url": f"{base}/fhir",
            "client_id": CLIENT_ID,
            "private_key_pem": credentials.fhir_ec_private_key,
            "key_id": EC_KEY_ID,
        },
        "cards": {"url": base, "key": credentials.card_key},
    }


def _place_once(files: Path, root: Path) -> None:
    """Place the files unless they are: a server started again keeps what was dropped since."""
    if root.exists():
        return
    partial = root.with_name("sftp.partial")
    shutil.rmtree(partial, ignore_errors=True)
    place_files(files, partial)
    partial.rename(root)


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.serve", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="a generated folder")
    parser.add_argument("--address-file", type=Path, required=True)
    parser.add_argument("--sftp-port", type=int, default=0)
    parser.add_argument("--web-port", type=int, default=0)
    parser.add_argument("--files", type=Path, help="serve these files over SFTP instead")
    chosen = parser.parse_args(arguments)
    folder: Path = chosen.folder
    folder.mkdir(parents=True, exist_ok=True)
    chosen.address_file.unlink(missing_ok=True)
    if chosen.files:
        _place_once(chosen.files, folder / "sftp")
    elif not (folder / "cards").is_dir():
        parser.error("the folder holds no sandbox: run `python -m sandbox.generate` first")
    ports = (chosen.sftp_port, chosen.web_port)
    asyncio.run(serve(folder.resolve(), chosen.address_file, ports, not chosen.files))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
