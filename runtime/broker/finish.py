"""The end of a flow: a session, and a code for the client that asked.

The user's profile comes from WeChat's code at the callback, or from a confirmation on
a phone. Both ways end here, so that both check the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote

from runtime.broker.admission import (
    answer_to_refused,
    check_admitted,
    may_have_session,
)
from runtime.broker.answered import signed_in_page
from runtime.broker.authorize import grant_of
from runtime.broker.client_answer import granted, refused
from runtime.broker.outcomes import FINISHED, riding
from runtime.broker.redirect_uris import check_redirect_uri, not_granted
from runtime.errors import (
    ClientDisabled,
    FlowExpired,
    NotAdmitted,
    NotSignedIn,
    RedirectUriUnknown,
    SignInNotConfigured,
)
from runtime.gateway import Gateway
from runtime.registry.models import App, Client
from runtime.registry.registry import Registry
from runtime.registry.sign_in_apps import SILENT
from runtime.registry.subjects import SubjectMissing, subject_for, subject_of
from runtime.sign_in.flows import Flow, FlowResult
from runtime.sign_in.sessions import Session
from runtime.state.redis_store import Entry
from runtime.state.stored_fields import known_fields
from runtime.tokens.grant import grant_id
from runtime.web.messages import Response, redirect
from runtime.web.next_url import safe_next


@dataclass(frozen=True, slots=True)
class FlowEnd:
    """A flow that ends: its state, the app that names the user, and its client."""

    state: str
    flow: Flow
    app: App
    client: Client | None

    def check(self, registry: Registry) -> None:
        """Refuse a client that has been disabled, or lost its app or callback URL."""
        asked, client = self.flow.request, self.client
        if client is None:
            gone = RedirectUriUnknown if asked else SignInNotConfigured
            raise gone(cause="the client of this sign-in is gone")
        if client.disabled:
            raise ClientDisabled(client.client_id)
        if registry.scopes_of(client, self.app.appid) is None:
            raise SignInNotConfigured(cause=not_granted(client, self.app.appid))
        if asked:
            check_redirect_uri(client, asked.redirect_uri)


def client_of_flow(gateway: Gateway, flow: Flow) -> Client | None:
    """Return the client that asked, or else the one of the gateway's own domain."""
    asked = flow.request
    named = asked.client_id if asked else flow.client_id
    return gateway.registry.client(named or gateway.settings.login_client)


def start_of(flow: Flow) -> str:
    """Return the path at which this sign-in can be started again."""
    if flow.confirmation:
        return f"/login/scan/{flow.confirmation}"
    if flow.request:
        return flow.request.again
    return f"/login?next={quote(flow.next, safe='')}"


def finish(
    gateway: Gateway, end: FlowEnd, profile: Mapping[str, Any], *, way: str = ""
) -> Mapping[str, Any]:
    """Store the session and return its fields; done once for each flow.

    `way` marks a session that began in one of the weaker ways.

    Where a client asked, its code is stored under the flow's state. `key` is then the
    version of the key that made this code: a repeated callback may reach an instance
    that has a newer key. Of a user whom the client does not admit nothing is stored
    but the reference, so that a repeated callback shows the same one.
    """
    session, entries = _session(gateway, end, profile, way)
    result = asdict(session)
    flow = end.flow
    if end.client:
        try:
            check_admitted(gateway, end.client, session.sub, profile, way=flow.way)
        except NotAdmitted as error:
            return {**result, "sid": "", "reference": error.reference}
    if flow.request and end.client:
        grant = grant_of(
            gateway, end.client, flow.request, session, profile, language=flow.language
        )
        code, entry = gateway.grants.make_code(grant, flow=end.state)
        entries.append(entry)
        if session.sid:
            id_ = grant_id(code)
            entries.append(gateway.answered.entry(flow.request, session.sid, id_))
        result["key"] = gateway.grants.newest_key
    entries += gateway.openids.entries(profile)
    # In one round trip; the flow has its result only after that.
    counts = riding(gateway, flow.way, FINISHED)
    gateway.redis_store.put_all(entries, increments=counts)
    return result


def continuation(
    gateway: Gateway,
    end: FlowEnd,
    result: FlowResult,
    *,
    language: str,
    html: bool = True,
) -> Response:
    """Return the answer with which the browser of a finished flow goes on.

    It has the session's cookie, and is a redirect, or a form by `response_mode`. With
    `html` it is a page where the client does not admit the user, or has redeemed its
    code before.
    """
    if end.client and (reference := result.fields.get("reference")):
        return answer_to_refused(
            gateway,
            NotAdmitted(reference),
            end.client,
            end.flow.request,
            language=language,
            start_again=start_of(end.flow),
            html=html,
        )
    session = Session(**known_fields(Session, result.fields))
    response = _onward(gateway, end, result, language=language, html=html)
    if not session.sid:
        return response
    if result.repeated:
        try:
            gateway.sessions.profile(session)
        except NotSignedIn:
            # The user has signed out and gone back: the ended session stays ended.
            raise FlowExpired from None
    cookie = gateway.sessions.cookie(session, now=gateway.clock())
    return response.with_headers(cookie)


def _session(
    gateway: Gateway, end: FlowEnd, profile: Mapping[str, Any], way: str
) -> tuple[Session, list[Entry]]:
    app, asked = end.app, end.flow.request
    openid, now = profile["wechat_openid"], gateway.clock()
    try:
        sub = subject_of(app, openid, profile["wechat_unionid"])
    except SubjectMissing:
        if asked is None or asked.scope != (SILENT,):
            raise
        # WeChat's dialect promises an openid and no more: nobody is signed in by it.
        return Session(sub=openid, sid="", at=int(now), app=app.appid), []
    if asked and (asked.embedded or not may_have_session(gateway, sub, profile)):
        # No cookie binds a flow in a frame: it signs nobody in at the gateway.
        return Session(sub=sub, sid="", at=int(now), app=app.appid), []
    session, entry = gateway.sessions.make(sub, profile, now=now, way=way)
    return session, [entry]


def _onward(
    gateway: Gateway, end: FlowEnd, result: FlowResult, *, language: str, html: bool
) -> Response:
    asked, client = end.flow.request, end.client
    if asked is None or client is None:
        # Checked again: what was stored in Redis is not trusted.
        origins = client.origins if client else ()
        return redirect(safe_next(end.flow.next, origins=origins))
    if not asked.wants(subject_for(client, result.fields["sub"])):
        # Another user has signed in than the one of the client's id_token_hint.
        return refused(gateway, asked, client, "login_required", language=language)
    code = gateway.grants.code_of(end.state, key=result.fields["key"])
    comes_again = html and result.repeated and not asked.embedded
    if comes_again and gateway.grants.is_redeemed(grant_id(code)):
        return signed_in_page(gateway, asked, client, language=language)
    return granted(gateway, asked, client, code, language=language)
