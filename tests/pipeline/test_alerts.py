"""Alerts: which conditions there are, one row for each, and their delivery to real sinks."""

import hashlib
import hmac
import json
import socketserver
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import dagster as dg
import pytest

from assets.checks.freshness import INTERFACES
from billing.evidence.anchors import anchors_in
from resources.alert_sinks import SIGNATURE, Email, SinkError, Webhook, read_sinks
from resources.dagster_resources import Installation
from resources.environment import InvalidSettingError, MissingSettingError
from resources.warehouse import alerts, builds
from resources.warehouse.alerts import Alert, Books, Condition
from resources.warehouse.builds import CheckResult, ExpectedCheck, deploy_checks
from resources.warehouse.source_status import Look
from sensors.alerting import alerting_sensor, conditions, read_interfaces

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
EXPECTED = read_interfaces(INTERFACES.read_text())
NOTHING = Books({}, [], 0, [])
ALERT = Alert(7, "SOURCE_STALE", "bank", "warning", "old", "call the bank", NOW)


def failing(minutes):
    since = NOW - timedelta(minutes=minutes)
    return Look("bank", NOW, "failed", "SOURCE_NO_ANSWER", 0, since, None)


def kinds(found):
    return [(one.kind, one.subject) for one in found]


@pytest.mark.promise("Each condition that needs a person is an alert, and nothing else is")
def test_where_all_is_well_nothing_is_told():
    fine = Look("bank", NOW, "ok", None, 0, None, NOW)
    books = Books({"bank": NOW - timedelta(hours=20)}, [], 0, [])
    assert conditions([fine], books, [], EXPECTED, NOW) == []


@pytest.mark.promise(
    "A source that fails for some minutes raises an alert; a short failure does not"
)
def test_a_source_that_fails_is_told_of_once_it_has_failed_for_a_while():
    assert conditions([failing(1)], NOTHING, [], EXPECTED, NOW) == []
    found = conditions([failing(3)], NOTHING, [], EXPECTED, NOW)
    assert kinds(found) == [("SOURCE_FAILING", "bank")]


@pytest.mark.promise(
    "A source that delivers nothing for longer than it usually does raises an alert"
)
def test_a_source_that_brings_nothing_for_days_is_stale_unless_it_is_not_set_up():
    books = Books({"bank": NOW - timedelta(days=10)}, [], 0, [])
    look = Look("bank", NOW, "ok", None, 0, None, NOW)
    assert kinds(conditions([look], books, [], EXPECTED, NOW)) == [("SOURCE_STALE", "bank")]
    away = Look("bank", NOW, "not_set_up", None, 0, None, None)
    assert conditions([away], books, [], EXPECTED, NOW) == []


@pytest.mark.promise("Each condition that needs a person is an alert, and nothing else is")
def test_failed_jobs_entries_in_doubt_checks_and_an_ending_calendar_are_told_of():
    books = Books({}, [("NLH", "unknown", 2)], 3, ["T9"])
    found = conditions([], books, ["build"], EXPECTED, NOW)
    assert kinds(found) == [
        ("ENTRIES_UNKNOWN", "NLH"), ("CERTIFICATE", "close"), ("ERP_DIFFERS", "T9"),
        ("RUN_FAILED", "build"),
    ]  # fmt: skip
    late = datetime(2028, 12, 15, tzinfo=UTC)
    assert kinds(conditions([], NOTHING, [], EXPECTED, late)) == [("CALENDAR_ENDS", "2029")]


@pytest.mark.promise("A condition that lasts is one alert; when it returns, it is a new one")
def test_a_condition_that_lasts_has_one_row_and_a_new_one_after_it_was_gone(database):
    one = (Condition("RUN_FAILED", "build", "error", "it failed"), "see the runbook")
    with database.connect("transform") as connection:
        alerts.settle(connection, [one], NOW)
        alerts.settle(connection, [one], NOW + timedelta(minutes=1))
        alerts.settle(connection, [], NOW + timedelta(minutes=2))
        alerts.settle(connection, [one], NOW + timedelta(minutes=3))
        rows = connection.execute(
            "select opened_at, closed_at from ops.alert order by 1"
        ).fetchall()
    minute = timedelta(minutes=1)
    assert rows == [(NOW, NOW + 2 * minute), (NOW + 3 * minute, None)]


@pytest.mark.promise("An alert of a tie-out stays open until the tie-out itself holds again")
def test_difference_to_the_erp_lasts_through_an_empty_certificate(database):
    expected = [ExpectedCheck("T1", "tie_out", "error")]
    deploy_checks(database.admin(), expected, None)
    with database.connect("transform") as connection:

        def tell(build_id, *results):
            builds.begin(connection, build_id, NOW.date())
            builds.record(connection, build_id, results)
            connection.execute("select ops.issue_certificate(%s)", [build_id])
            return alerts.read_books(connection, ["T9"]).post_failures

        assert tell("b1", CheckResult("T9", "tie_out", "error", False)) == ["T9"]
        assert tell("b2") == ["T9"]
        assert tell("b3", CheckResult("T1", "tie_out", "error", True)) == ["T9"]
        assert tell("b4", CheckResult("T9", "tie_out", "error", True)) == []
        assert tell("b5") == []


@contextmanager
def web(status=204):
    """A web server that answers with a status and keeps what it was sent."""
    got = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((dict(self.headers), body))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/hook", got
        server.shutdown()


@contextmanager
def mail(refuses=False):
    """A mail server as small as one can be: it takes a message or refuses its receiver."""
    got = []

    class Handler(socketserver.StreamRequestHandler):
        def say(self, line):
            self.wfile.write(line.encode() + b"\r\n")

        def handle(self):
            self.say("220 test")
            while line := self.rfile.readline().decode().strip():
                word = line.split(" ")[0].upper()
                if word == "QUIT":
                    self.say("221 bye")
                    return
                if word == "RCPT" and refuses:
                    self.say("550 no such user")
                elif word == "DATA":
                    self.say("354 go on")
                    lines = iter(self.rfile.readline, b".\r\n")
                    got.append(b"".join(lines).decode())
                    self.say("250 taken")
                else:
                    self.say("250 fine")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], got
        server.shutdown()


@pytest.mark.promise("A webhook can verify an alert's signature and recognise a repeated delivery")
def test_a_webhook_gets_the_alert_signed_and_with_the_same_key_each_time():
    with web() as (url, got):
        Webhook(url, "secret").deliver(ALERT)
        Webhook(url, "secret").deliver(ALERT)
    (headers, body), (again, _) = got
    assert json.loads(body)["subject"] == "bank"
    digest = hmac.new(b"secret", body, hashlib.sha256).hexdigest()
    assert headers[SIGNATURE] == f"sha256={digest}"
    assert headers["Idempotency-Key"] == again["Idempotency-Key"]


@pytest.mark.promise("A failed delivery of an alert is reported, and its message holds no secret")
def test_a_sink_that_does_not_take_an_alert_says_so_without_its_secret():
    with web(500) as (url, _), pytest.raises(SinkError, match="webhook: status 500"):
        Webhook(url, "secret").deliver(ALERT)
    with mail(refuses=True) as (port, _), pytest.raises(SinkError, match="email: SMTPRec"):
        Email("127.0.0.1", port, "a@example.com", ("b@example.com",)).deliver(ALERT)


@pytest.mark.promise("An alert by mail says what happened and what to do")
def test_a_mail_says_what_happened_and_what_to_do():
    with mail() as (port, got):
        Email("127.0.0.1", port, "a@example.com", ("b@example.com",)).deliver(ALERT)
    (text,) = got
    assert "Subject: [Tieout warning] SOURCE_STALE: bank" in text
    assert "What to do: call the bank" in text


@pytest.mark.promise("The mail login never crosses an unencrypted connection")
def test_a_login_is_never_sent_over_an_open_line():
    with mail() as (port, _), pytest.raises(SinkError, match="no encryption"):
        Email("127.0.0.1", port, "a@x.org", ("b@x.org",), "user", "word").deliver(ALERT)


@pytest.mark.promise(
    "An alert reaches its webhook once, and is tried again after a refusal",
    "Heads of the audit are kept outside of the database by default",
)
def test_the_sensor_delivers_each_alert_once_and_tries_again_where_a_sink_refused(
    pipeline, monkeypatch
):
    with pipeline.database.connect("transform") as connection:
        connection.execute(
            "insert into ops.build (build_id, as_of_date, started_at) values ('b', now(), now())"
        )
        check = ExpectedCheck("T0", "tie_out", "error")
        deploy_checks(pipeline.database.admin(), [check], None)
        connection.execute("select ops.issue_certificate('b')")
    cursor = None
    for status, deliveries in ((500, 2), (200, 2), (200, 0)):  # an alert, and the anchor
        with web(status) as (url, got):
            monkeypatch.setenv("TIEOUT_ALERT_WEBHOOK_URL", url)
            with dg.build_sensor_context(
                pipeline.instance, cursor=cursor, resources={"installation": Installation()}
            ) as context:
                alerting_sensor(context)
                cursor = context.cursor
        assert len(got) == deliveries
        messages = {json.loads(body)["kind"]: json.loads(body)["message"] for _, body in got}
        assert not messages or anchors_in(messages["AUDIT_ANCHOR"])
    with pipeline.database.connect("auditor") as connection:
        rows = connection.execute("select kind, webhook_at is null from ops.alert").fetchall()
    assert rows == [("CERTIFICATE", False)]


@pytest.mark.promise("A wrong or missing alert setting is named")
def test_sinks_come_from_the_environment_and_a_wrong_one_is_named():
    assert read_sinks({}) == []
    with pytest.raises(MissingSettingError, match="TIEOUT_ALERT_SMTP_FROM"):
        read_sinks({"TIEOUT_ALERT_SMTP_HOST": "mail"})
    with pytest.raises(InvalidSettingError, match="TIEOUT_ALERT_WEBHOOK_URL"):
        read_sinks({"TIEOUT_ALERT_WEBHOOK_URL": "ftp://x"})
