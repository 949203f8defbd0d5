"""Does a server answer? One cheap question each, with a short patience; no dagster here.

A server that lives and does not answer for long is hung. Whether it lives is asked elsewhere.
"""

import socket
from collections.abc import Mapping
from contextlib import closing

import grpc
import psycopg
import requests
from grpc_health.v1 import health_pb2, health_pb2_grpc

PATIENCE_SECONDS = 5.0
# Dagster's daemon signs every 30 s for each thing that it does; ten minutes of a busy machine pass.
SILENT_SECONDS = 600
OLDEST_SIGN = """
select coalesce(extract(epoch from now() at time zone 'utc' - min(newest)), 0) < %s
from (select max("timestamp") as newest from daemon_heartbeats
      where daemon_type in ('SENSOR', 'SCHEDULER', 'BACKFILL', 'QUEUED_RUN_COORDINATOR')
      group by daemon_type) as each
"""


def answers_http(url: str, *statuses: int, headers: Mapping[str, str] | None = None) -> bool:
    """Say whether a page is answered with one of the statuses."""
    with requests.Session() as session:
        session.trust_env = False
        try:
            return (
                session.get(url, headers=headers, timeout=PATIENCE_SECONDS).status_code in statuses
            )
        except requests.RequestException:
            return False


def answers_grpc(port: int) -> bool:
    """Say whether Dagster's code server calls itself healthy."""
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        request = health_pb2.HealthCheckRequest(service="DagsterApi")
        try:
            answer = stub.Check(request, timeout=PATIENCE_SECONDS)
        except grpc.RpcError:
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


def greets(host: str, port: int) -> bool:
    """Say whether a server sends its greeting as an SSH server does."""
    try:
        with socket.create_connection((host, port), PATIENCE_SECONDS) as line:
            line.settimeout(PATIENCE_SECONDS)
            return line.recv(4) == b"SSH-"
    except OSError:
        return False


def signs(url: str) -> bool:
    """Say whether each part of Dagster's daemon gave a sign of life of late, by its database."""
    try:
        with closing(psycopg.connect(url, connect_timeout=5)) as connection:
            found = connection.execute(OLDEST_SIGN, (SILENT_SECONDS,)).fetchone()
    except psycopg.Error:
        return True  # the database is away: nothing is known of the daemon
    return bool(found and found[0])
