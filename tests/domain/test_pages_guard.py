"""Who may ask Dagster's pages: Host, Origin, token, session and method, without a server."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from io import StringIO

import pytest

from orchestration.launcher import Launcher
from orchestration.pages import session
from orchestration.pages.guard import FOREIGN_HOST, FOREIGN_ORIGIN, NO_TOKEN, WRONG_METHOD, Asked
from orchestration.pages.guard import judge as judged
from orchestration.parts import programs
from orchestration.progress import Progress
from orchestration.state import StateFolder
from orchestration.up import _way_in
from resources.environment import InvalidSettingError, MissingSettingError

pytestmark = pytest.mark.promise("Only who holds the installation's token sees Dagster's pages")
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
PORT = 23078
TOKEN = "0123456789abcdef" * 4
OWN = f"127.0.0.1:{PORT}"
BEARER = f"Bearer {TOKEN}"
LONG_NAME = "a" * 31


def judge(kind="http", method="GET", path="/", hosts=(OWN,), at=NOW, **more):
    return judged(Asked(kind, method, path, hosts, **more), PORT, TOKEN, at)


@pytest.mark.parametrize("host", [OWN, f"localhost:{PORT}"])
def test_request_to_own_address_with_token_passes(host):
    assert judge(hosts=[host], authorizations=[BEARER]) == "pass"


@pytest.mark.parametrize(
    "hosts",
    [
        [], ["127.0.0.1"], ["127.0.0.1:1"], [f"evil.example:{PORT}"], [f"{OWN}.evil.example"],
        [f"127.0.0.1.evil.example:{PORT}"], [OWN, OWN], [f"[::1]:{PORT}"], [f"0.0.0.0:{PORT}"],
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_request_to_another_host_is_refused(kind, hosts):
    assert judge(kind, hosts=hosts, authorizations=[BEARER]) == FOREIGN_HOST


@pytest.mark.parametrize(
    "origin",
    ["null", "", "https://evil.example", "http://127.0.0.1:1", f"https://{OWN}",
     f"http://localhost:{PORT}", f"http://{OWN}.evil.example"],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_request_from_another_origin_is_refused(kind, origin):
    asked = {"origins": [origin], "authorizations": [BEARER]}
    assert judge(kind, **asked) == FOREIGN_ORIGIN
    assert judge(kind, **asked | {"origins": [f"http://{OWN}", origin]}) == FOREIGN_ORIGIN


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_request_from_own_origin_passes(kind):
    assert judge(kind, origins=[f"http://{OWN}"], authorizations=[BEARER]) == "pass"


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    "authorizations",
    [[], [""], [TOKEN], ["Bearer "], [f"Bearer {TOKEN[:-1]}"], [f"Basic {TOKEN}"], [BEARER] * 2,
     ["Bearer \u00e9"]],
)  # fmt: skip
def test_request_without_right_token_is_refused(kind, authorizations):
    verdict = judge(kind, authorizations=authorizations)
    assert verdict == NO_TOKEN
    assert verdict.status == HTTPStatus.UNAUTHORIZED


def test_link_with_token_begins_a_session():
    assert judge(link_tokens=[TOKEN]) == "begin session"


@pytest.mark.parametrize("tokens", [[""], ["x"], [TOKEN, "x"]])
def test_link_with_wrong_token_is_refused(tokens):
    signed = session.new_session(TOKEN, NOW)
    assert judge(link_tokens=tokens, session=signed) == NO_TOKEN


def test_token_in_address_of_a_websocket_is_no_token():
    assert judge("websocket", link_tokens=[TOKEN]) == NO_TOKEN


def test_token_in_address_of_a_post_is_no_token():
    assert judge(method="POST", path="/graphql", link_tokens=[TOKEN]) == NO_TOKEN


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_session_passes_until_it_ends(kind):
    signed = session.new_session(TOKEN, NOW)
    assert judge(kind, session=signed) == "pass"
    last = NOW + session.LIFETIME
    assert judge(kind, session=signed, at=last - timedelta(seconds=1)) == "pass"
    assert judge(kind, session=signed, at=last) == NO_TOKEN


def test_session_of_another_token_or_end_is_refused():
    ends, _, signature = session.new_session(TOKEN, NOW).partition(".")
    later = f"{int(ends) + 1}.{signature}"
    for value in ("", ".", signature, later, ends, session.new_session("another", NOW)):
        assert judge(session=value) == NO_TOKEN


def test_session_does_not_forgive_a_wrong_token():
    signed = session.new_session(TOKEN, NOW)
    assert judge(session=signed, authorizations=["Bearer x"]) == NO_TOKEN


@pytest.mark.promise("Dagster's pages change nothing by GET")
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "OPTIONS"])
def test_graphql_by_another_method_than_post_is_refused(method):
    asked = {"method": method, "path": "/graphql", "authorizations": [BEARER]}
    assert judge(**asked) == WRONG_METHOD


@pytest.mark.parametrize("path", ["/", "/report_asset_materialization/ops/replay", "/graphql/"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_page_by_another_method_than_get_is_refused(method, path):
    asked = {"method": method, "path": path, "authorizations": [BEARER]}
    assert judge(**asked) == WRONG_METHOD


@pytest.mark.parametrize("token", [LONG_NAME, "with spaces in it, and yet quite long", "é" * 40])
def test_token_that_is_short_or_odd_is_refused(token):
    with pytest.raises(InvalidSettingError, match="TIEOUT_PAGES_TOKEN") as refused:
        session.read_token({"TIEOUT_PAGES_TOKEN": token})
    assert token not in str(refused.value)


def test_token_is_in_the_environment_of_the_pages_alone(tmp_path):
    state = StateFolder(tmp_path)
    state.make()
    environ = {"TIEOUT_PAGES_TOKEN": TOKEN}
    found = {one.name: one for one in programs(state, environ, (1, PORT), "postgresql://")}
    assert not any(TOKEN in word for one in found.values() for word in one.command)
    assert [name for name, one in found.items() if TOKEN in one.environ.values()] == ["pages"]


def test_link_is_shown_on_a_terminal_only(tmp_path):
    def said(stream):
        environ = {"TIEOUT_HOME": str(tmp_path), "TIEOUT_PAGES_TOKEN": TOKEN}
        return _way_in(Launcher(environ, Progress(stream)), PORT)

    class Terminal(StringIO):
        def isatty(self):
            return True

    assert said(Terminal()) == f"http://{OWN}/?token={TOKEN}"
    assert TOKEN not in said(StringIO())
    assert "secrets.env" in said(StringIO())


def test_token_that_is_absent_is_named():
    with pytest.raises(MissingSettingError, match="TIEOUT_PAGES_TOKEN"):
        session.read_token({})
