"""Tryton's WSGI application behind a guard that keeps one legal entity out of another.

Tryton's REST interface takes a context from the `X-Tryton-Context` header and lets it overwrite
keys that Tryton derives from the user (`_companies` and other keys that begin with `_`). The
guard refuses such a header before Tryton sees it. Runs inside Tryton's own environment only.
"""

import base64
import json

HEADER = "HTTP_X_TRYTON_CONTEXT"
REFUSAL = b"The context header may not carry private keys."


class Guard:
    """Refuses with 400 a request whose context header is unreadable or has a private key."""

    def __init__(self, application):
        self.application = application

    def __call__(self, environ, start_response):
        """Pass the request on, or answer 400."""
        if HEADER in environ and not is_public(environ[HEADER]):
            headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(REFUSAL)))]
            start_response("400 BAD REQUEST", headers)
            return [REFUSAL]
        return self.application(environ, start_response)


def is_public(header):
    """Say whether the header is a JSON object in base64 whose keys are all public."""
    try:
        context = json.loads(base64.urlsafe_b64decode(header))
    except ValueError:
        return False
    return isinstance(context, dict) and not any(key.startswith("_") for key in context)


def build():
    """Return the guarded application; Tryton is imported by the process that serves, when asked."""
    from trytond.application import app  # noqa: PLC0415 - importing it opens the database

    return Guard(app)
