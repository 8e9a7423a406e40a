"""Sessions of programs, which post JSON and keep a Bearer token instead of a cookie.

Mini programs and mobile apps sign in so, each with a code of WeChat's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from runtime.broker.admission import check_admitted, check_session
from runtime.broker.outcomes import (
    FINISHED,
    REFUSED,
    STARTED,
    count,
    count_error,
    riding,
)
from runtime.errors import (
    BadRequest,
    ClientDisabled,
    GatewayError,
    NotAdmitted,
    SignInNotConfigured,
)
from runtime.gateway import Gateway
from runtime.registry.ids import APPID, CLIENT_ID
from runtime.registry.models import Client
from runtime.registry.subjects import is_pairwise
from runtime.web.messages import Request, Response, json_response
from runtime.web.request_causes import shown_id


class JsonRequired(BadRequest):
    """The Content-Type is not JSON; a form of any site can post other types."""

    status = 415
    code = "json_required"
    message = "The body has to be JSON, and its Content-Type has to say so."


class PairwiseClient(GatewayError):
    """A session holds WeChat's ids of a user, which this client must not get."""

    status = 403
    code = "pairwise_client"
    message = "The server of a pairwise client exchanges the code itself, below /sns."


_CODE = re.compile(r"[!-~]{1,128}")
_OTHERS = {"client_id": re.compile(CLIENT_ID), "appid": re.compile(APPID)}


def posted_fields(request: Request, *, code: str) -> Mapping[str, str]:
    """Return the JSON body: the field that `code` names, `client_id` and `appid`.

    JsonRequired or BadRequest if it is anything else; only the code has to be there.
    """
    if request.media_type != "application/json":
        raise JsonRequired
    content = request.json()
    if not isinstance(content, dict) or code not in content:
        raise BadRequest
    for name, form in {code: _CODE, **_OTHERS}.items():
        value = content.get(name)
        if name in content and not (isinstance(value, str) and form.fullmatch(value)):
            raise BadRequest
    return content


def client_named(
    gateway: Gateway, client_id: str | None, *, unknown: type[GatewayError]
) -> Client:
    """Return the client, by default that of `LOGIN_CLIENT`, if it may have a session.

    `unknown` is raised for a client that was named and is not known.
    """
    client = gateway.registry.client(client_id or gateway.settings.login_client)
    if client is None:
        cause = f"there is no client {shown_id(client_id or '', CLIENT_ID)}"
        refused = unknown if client_id else SignInNotConfigured
        raise refused(cause=f"{cause}: manage.py client list")
    if client.disabled:
        raise ClientDisabled(client.client_id)
    if is_pairwise(client):
        raise PairwiseClient
    return client


@contextmanager
def counted(gateway: Gateway, way: str) -> Iterator[None]:
    """Count a sign-in that fails inside; `session_answer` counts one that does not."""
    try:
        yield
    except NotAdmitted:
        count(gateway, way, STARTED, REFUSED)
        raise
    except GatewayError as error:
        count_error(gateway, way, error, before=(STARTED,))
        raise


def session_answer(
    gateway: Gateway, client: Client, sub: str, profile: Mapping[str, Any], *, way: str
) -> Response:
    """Begin a session of this user and return its token as JSON.

    NotAdmitted unless both the client and LOGIN_CLIENT admit the user.
    """
    check_admitted(gateway, client, sub, profile)
    check_session(gateway, sub, profile)
    now = gateway.clock()
    session, entry = gateway.sessions.make(sub, profile, now=now)
    gateway.redis_store.put_all(
        [entry, *gateway.openids.entries(profile)],
        increments=riding(gateway, way, STARTED, FINISHED),
    )
    return json_response(
        {
            "session_token": gateway.sessions.token(session, now=now),
            "token_type": "Bearer",
            "expires_in": int(gateway.settings.session_days * 86400),
            "sub": session.sub,
            "auth_time": session.at,
        }
    )
