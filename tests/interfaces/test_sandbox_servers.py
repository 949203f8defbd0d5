"""The sandbox servers, used as a customer's own software would use them."""

from __future__ import annotations

import base64
import json
import signal
import stat
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any

import paramiko
import pytest

from sandbox.generate import generate

pytestmark = pytest.mark.promise(
    "The sandbox's servers give every file as generated, and stop when asked to"
)

ROOT = Path(__file__).parents[2]
Addresses = dict[str, dict[str, Any]]


@contextmanager
def serving(folder: Path, *more: str) -> Iterator[tuple[Addresses, subprocess.Popen[bytes], Path]]:
    # A name left over from an earlier server must not pass for this one's.
    address_file = folder.parent / f"{folder.name} {uuid.uuid4().hex}.json"
    text = "stale"
    address_file.write_text(text)
    command = [
        sys.executable, "-m", "sandbox.serve", "--folder", str(folder),
        "--address-file", str(address_file), *more,
    ]  # fmt: skip
    with (folder.parent / f"{folder.name}.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
    try:
        for _ in range(600):
            with suppress(FileNotFoundError):
                text = address_file.read_text("utf-8")
            if text != "stale" or process.poll() is not None:
                break
            time.sleep(0.05)
        assert text != "stale", "the servers did not start"
        yield json.loads(text), process, address_file
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(30)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("sandbox servers") / "world"
    generate(3, 300, date(2026, 10, 31), made)
    return made


@pytest.fixture(scope="module")
def addresses(folder: Path) -> Iterator[Addresses]:
    with serving(folder) as (found, _, _):
        yield found


@contextmanager
def sftp_client(address: dict[str, Any], **changes: str) -> Iterator[paramiko.SFTPClient]:
    address = address | changes
    kind, key = address["host_key"].split()
    pinned = paramiko.PKey.from_type_string(kind, base64.b64decode(key))
    transport = paramiko.Transport((address["host"], address["port"]))
    try:
        transport.connect(pinned, address["user"], address["password"])
        client = paramiko.SFTPClient.from_transport(transport)
        assert client is not None
        yield client
    finally:
        transport.close()


def test_sftp_gives_every_file_as_generated(addresses: Addresses, folder: Path) -> None:
    with sftp_client(addresses["sftp"]) as client:
        for kind in ("clearinghouse/sent", "clearinghouse/remittances", "bank/statements"):
            local = folder / "sftp" / kind
            names = sorted(path.name for path in local.iterdir())
            assert sorted(client.listdir(f"/{kind}")) == names
            name = names[0]
            with client.open(f"/{kind}/{name}") as file:
                assert file.read() == (local / name).read_bytes()


def test_sftp_refuses_a_wrong_password_and_a_way_out(addresses: Addresses) -> None:
    with (
        pytest.raises(paramiko.AuthenticationException),
        sftp_client(addresses["sftp"], password="wrong"),
    ):
        pass
    with sftp_client(addresses["sftp"]) as client:
        assert sorted(client.listdir("/../..")) == ["bank", "clearinghouse"]
        with pytest.raises(FileNotFoundError):
            client.open("/../answer_key.json")


def test_sftp_takes_an_upload_and_a_rename(addresses: Addresses) -> None:
    with sftp_client(addresses["sftp"]) as client:
        with client.open("/clearinghouse/.part", "w") as file:
            file.write("ISA")
        client.rename("/clearinghouse/.part", "/clearinghouse/mine.837")
        assert client.stat("/clearinghouse/mine.837").st_size == 3
        client.remove("/clearinghouse/mine.837")


def test_sigterm_stops_the_servers_and_a_restart_keeps_the_keys(folder: Path) -> None:
    with serving(folder) as (first, process, address_file):
        assert stat.S_IMODE(address_file.stat().st_mode) == 0o600
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert not address_file.exists()
    with serving(folder) as (second, _, _):
        assert second["sftp"]["host_key"] == first["sftp"]["host_key"]
        assert second["sftp"]["password"] == first["sftp"]["password"]
        assert second["cards"]["key"] == first["cards"]["key"]


def test_ones_own_files_are_served_over_sftp_alone(tmp_path: Path) -> None:
    own = tmp_path / "own files"
    (own / "deep").mkdir(parents=True)
    (own / "deep" / "era.835").write_bytes(b"ISA*00*")
    (own / "statement").write_bytes(b"01,A,B,260430,0530,1,,,2/\n")
    state = tmp_path / "state"
    state.mkdir()
    with serving(state, "--files", str(own)) as (found, _, _):
        assert set(found) == {"sftp"}
        with sftp_client(found["sftp"]) as client:
            assert client.listdir("/clearinghouse/remittances") == ["deep__era.835"]
            assert client.listdir("/bank/statements") == ["statement"]
            assert client.listdir("/clearinghouse/sent") == []
