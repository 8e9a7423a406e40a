"""Routes of the oidc function."""

from __future__ import annotations

from runtime.entry.cors import for_pages
from runtime.entry.dialects import oauth_dialect, web_dialect
from runtime.entry.entrypoint import entrypoint
from runtime.entry.routing import SMALL_BODY, UNREAD_BODY, late, page_route, route
from runtime.errors import GatewayError
from runtime.web.messages import Request, Response

METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})

authorize = late("functions.oidc.authorize")
discovery = late("functions.oidc.discovery")
introspect = late("functions.oidc.introspect")
logout = late("functions.oidc.logout")
revoke = late("functions.oidc.revoke")
token = late("functions.oidc.token_endpoint")
userinfo = late("functions.oidc.userinfo")

ROUTES = (
    route(
        r"/\.well-known/openid-configuration",
        body=UNREAD_BODY,
        **for_pages(GET=discovery.discovery),
    ),
    route(
        r"/\.well-known/oauth-authorization-server(?:/.*)?",
        body=UNREAD_BODY,
        **for_pages(GET=discovery.authorization_server),
    ),
    page_route(
        r"/authorize",
        body=SMALL_BODY,
        GET=authorize.authorize_page,
        POST=authorize.authorize_page,
    ),
    route(r"/jwks", body=UNREAD_BODY, **for_pages(GET=discovery.jwks)),
    route(r"/token", body=SMALL_BODY, **for_pages(POST=token.issue)),
    route(r"/introspect", body=SMALL_BODY, POST=introspect.introspect),
    route(r"/revoke", body=SMALL_BODY, **for_pages(POST=revoke.revoke)),
    route(
        r"/userinfo",
        body=SMALL_BODY,
        **for_pages(GET=userinfo.userinfo, POST=userinfo.userinfo),
    ),
    page_route(r"/logout", body=SMALL_BODY, GET=logout.logout_page, POST=logout.logout),
)

_PAGES = ("/authorize", "/logout")


def oidc_dialect(request: Request, error: GatewayError, *, https: bool) -> Response:
    """Answer an error with a page where users come, and with OAuth's JSON elsewhere."""
    dialect = web_dialect if request.path in _PAGES else oauth_dialect
    return dialect(request, error, https=https)


handler = entrypoint(ROUTES, mount="/oidc", dialect=oidc_dialect)
