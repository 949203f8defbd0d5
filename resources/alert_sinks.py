"""Where alerts go besides the database: a webhook and e-mail, both from the environment.

An alert is delivered at least once; its id is the key by which a receiver knows it again.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import smtplib
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Protocol
from urllib.parse import urlsplit

import requests

from resources.environment import InvalidSettingError, listed, port, required
from resources.warehouse.alerts import Alert, Sink

TIMEOUT_SECONDS = 10.0
SIGNATURE = "X-Tieout-Signature"


class SinkError(Exception):
    """A sink did not take an alert; the text names the sink and why, no secret."""


class AlertSink(Protocol):
    """Something that takes alerts."""

    @property
    def name(self) -> Sink:
        """Which of the two it is."""

    def deliver(self, alert: Alert) -> None:
        """Hand an alert over. Raises SinkError."""


@dataclass(frozen=True)
class Webhook:
    """POSTs each alert as JSON; with a secret the body is signed (HMAC-SHA256, hexadecimal)."""

    url: str
    secret: str = field(default="", repr=False)
    name: Sink = "webhook"

    def deliver(self, alert: Alert) -> None:
        """POST it. Any status of 200 to 299 is a receipt. Raises SinkError."""
        body = json.dumps(payload(alert), sort_keys=True).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": key_of(alert)}
        if self.secret:
            digest = hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
            headers[SIGNATURE] = f"sha256={digest}"
        with requests.Session() as session:
            session.trust_env = False
            try:
                answer = session.post(
                    self.url, data=body, headers=headers, timeout=TIMEOUT_SECONDS,
                    allow_redirects=False,
                )  # fmt: skip
            except requests.RequestException as problem:
                raise SinkError(f"webhook: {type(problem).__name__}") from None
        if not 200 <= answer.status_code < 300:
            raise SinkError(f"webhook: status {answer.status_code}")


@dataclass(frozen=True)
class Email:
    """Sends each alert as a message of its own; encrypts where the server offers it."""

    host: str
    port: int
    sender: str
    receivers: tuple[str, ...]
    user: str = ""
    password: str = field(default="", repr=False)
    name: Sink = "email"

    def deliver(self, alert: Alert) -> None:
        """Send it. A login is only ever sent over an encrypted line. Raises SinkError."""
        try:
            with smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_SECONDS) as server:
                server.ehlo()
                if server.has_extn("starttls"):
                    server.starttls()
                    server.ehlo()
                elif self.user:
                    raise SinkError("email: the server offers no encryption for the login")
                if self.user:
                    server.login(self.user, self.password)
                server.send_message(self.message(alert))
        except (OSError, smtplib.SMTPException) as problem:
            raise SinkError(f"email: {type(problem).__name__}") from None

    def message(self, alert: Alert) -> EmailMessage:
        """Write the message; the same alert has the same Message-ID."""
        message = EmailMessage()
        message["From"] = self.sender
        message["To"] = ", ".join(self.receivers)
        message["Subject"] = f"[Tieout {alert.severity}] {alert.kind}: {alert.subject}"
        message["Message-ID"] = f"<{key_of(alert)}@tieout>"
        message.set_content(
            f"{alert.message}\n\nWhat to do: {alert.advice}\n\n"
            f"Since {alert.opened_at:%Y-%m-%d %H:%M:%S} UTC. Alert {alert.alert_id}.\n"
        )
        return message


def payload(alert: Alert) -> dict[str, object]:
    """Return an alert as the webhook's JSON."""
    return {
        "alert_id": alert.alert_id,
        "kind": alert.kind,
        "subject": alert.subject,
        "severity": alert.severity,
        "message": alert.message,
        "advice": alert.advice,
        "opened_at": alert.opened_at.isoformat(),
    }


def key_of(alert: Alert) -> str:
    """Return the key by which a receiver knows an alert again."""
    text = f"{alert.alert_id}|{alert.kind}|{alert.subject}|{alert.opened_at.isoformat()}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def read_sinks(environ: Mapping[str, str] = os.environ) -> list[AlertSink]:
    """Read the sinks that are configured. Raises MissingSettingError or InvalidSettingError."""
    found: list[AlertSink] = []
    if url := environ.get("TIEOUT_ALERT_WEBHOOK_URL"):
        if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
            raise InvalidSettingError("TIEOUT_ALERT_WEBHOOK_URL", "an http or https URL")
        found.append(Webhook(url, environ.get("TIEOUT_ALERT_WEBHOOK_SECRET", "")))
    if host := environ.get("TIEOUT_ALERT_SMTP_HOST"):
        sender = required(environ, "TIEOUT_ALERT_SMTP_FROM")
        receivers = listed(environ, "TIEOUT_ALERT_SMTP_TO", "")
        if not receivers:
            required(environ, "TIEOUT_ALERT_SMTP_TO")
        found.append(
            Email(
                host,
                port(environ, "TIEOUT_ALERT_SMTP_PORT", 587),
                sender,
                receivers,
                environ.get("TIEOUT_ALERT_SMTP_USER", ""),
                environ.get("TIEOUT_ALERT_SMTP_PASSWORD", ""),
            )
        )
    return found
