"""The visitor of a page: an operator whom the console's cookie proves, with a role.

Whoever has no role gets the answer of an unknown path, for every path but the entry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial, wraps

from runtime.broker.form_tokens import check_form, form_token
from runtime.broker.start import with_chosen_language
from runtime.entry.dialects import ErrorInDialect, PageLinks, web_dialect
from runtime.errors import N_, Forbidden, GatewayError, NotFound
from runtime.gateway import Gateway
from runtime.operations.recorded import Operator
from runtime.registry.known_users import ROLES, KnownUser
from runtime.sign_in.console_sessions import BY_CODE, BY_WECOM, ConsoleSession
from runtime.web.client_address import client_address
from runtime.web.messages import Request, Response
from runtime.web.origins import origin_of

VIEWER, OPERATOR, ADMIN = ROLES

HOME = "/console/"


class RoleTooLow(GatewayError):
    """The visitor's role does not allow what the form asks for."""

    status = 403
    code = "role_too_low"
    message = N_("Your role in the console does not allow this.")


@dataclass(frozen=True, slots=True)
class Visitor:
    """An operator with the role that this session has, which may be a lower one."""

    id: str
    name: str = field(repr=False)
    role: str
    session: ConsoleSession = field(repr=False)

    def may(self, role: str) -> bool:
        """Tell whether the visitor has this role or a higher one."""
        return ROLES.index(self.role) >= ROLES.index(role)

    def form_token(self, gateway: Gateway) -> str:
        """Return the hidden token of every form of this session."""
        return form_token(gateway, _about(self.session))

    def as_operator(self, request: Request, gateway: Gateway) -> Operator:
        """Return who acts, for the audit log."""
        address = client_address(
            request.peer_ip,
            forwarded_for=request.header("x-forwarded-for"),
            trusted_hops=gateway.settings.trusted_proxy_hops,
        )
        return Operator(self.id, "console", address, request.request_id)


View = Callable[..., Response]


def visitor(request: Request, gateway: Gateway) -> Visitor:
    """Return who visits; NotFound for everybody without a role.

    The role is read with each request: a change acts within two seconds, as every
    change of a document does.
    """
    session = gateway.console_sessions.find(request)
    user = session and gateway.registry.known_user_by_id(session.operator)
    if not session or not user or user.role not in ROLES:
        raise NotFound
    role = user.role if session.way in (BY_CODE, BY_WECOM) else VIEWER
    return Visitor(session.operator, name_of(user), role, session)


def name_of(user: KnownUser) -> str:
    """Return the name that an operator has given, or the e-mail address, or ""."""
    return user.name or user.email


def check_origin(request: Request, gateway: Gateway) -> None:
    """Raise Forbidden unless the browser says that the form was on a page of ours."""
    origin = request.header("origin")
    if origin is not None:
        if origin != own_origin(gateway):
            raise Forbidden
    elif request.header("sec-fetch-site") != "same-origin":
        raise Forbidden


def own_origin(gateway: Gateway) -> str:
    """Return our origin as a browser sends it."""
    origin = origin_of(gateway.settings.public_base_url.lower())
    port = ":443" if origin.startswith("https:") else ":80"
    return origin.removesuffix(port)


def check_console_form(request: Request, gateway: Gateway, seen: Visitor) -> None:
    """Raise Forbidden unless the form is one of this session, from a page of ours."""
    check_origin(request, gateway)
    check_form(request, gateway, _about(seen.session))


def page_view(view: View) -> View:
    """Return the view of a GET for visitors: it gets the visitor as a third argument.

    A language that is chosen is kept before the page is shown.
    """

    @wraps(view)
    def shown(request: Request, gateway: Gateway, *groups: str) -> Response:
        seen = visitor(request, gateway)
        url = url_of(request)
        chosen = with_chosen_language(request, url, gateway.settings)
        if chosen is not None:
            return chosen
        with _answers_visitor():
            return view(request, gateway, seen, *groups)

    return shown


def form_view(view: View) -> View:
    """Return the view of a POST for visitors, once the form is known to be ours."""

    @wraps(view)
    def posted(request: Request, gateway: Gateway, *groups: str) -> Response:
        seen = visitor(request, gateway)
        with _answers_visitor():
            check_console_form(request, gateway, seen)
            return view(request, gateway, seen, *groups)

    return posted


def url_of(request: Request) -> str:
    """Return the page's own path and query, as links to it have them."""
    query = f"?{request.query}" if request.query else ""
    return f"/console{request.path}{query}"


class _answers_visitor:
    """Errors of the block as pages that lead back into the console."""

    def __enter__(self) -> None:
        """Do nothing yet."""

    def __exit__(
        self, kind: object, error: BaseException | None, trace: object
    ) -> None:
        """Raise the error in the console's dialect."""
        if isinstance(error, GatewayError):
            dialect = partial(web_dialect, links=PageLinks(home=HOME))
            raise ErrorInDialect(error, dialect) from error


def _about(session: ConsoleSession) -> bytes:
    return f"console:{session.id}".encode()
