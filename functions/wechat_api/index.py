"""Routes of the wechat_api function."""

from __future__ import annotations

import re
from dataclasses import replace

from functions.wechat_api.posted_form import FORM_BODY, got_or_posted
from runtime.entry.dialects import api_dialect, sns_dialect, wechat_dialect
from runtime.entry.entrypoint import entrypoint
from runtime.entry.routing import (
    MEDIUM_BODY,
    SMALL_BODY,
    UNREAD_BODY,
    View,
    late,
    late_route,
    route,
)
from runtime.errors import GatewayError, NotFound
from runtime.registry.ids import APP_ID, PROOF_NAME, WECOM_ID
from runtime.tokens.gateway_tokens import claimed_appid
from runtime.web.messages import LARGEST_BODY, Request, Response

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE"})

# An SDK may join a base that ends in a slash to a path that begins with one.
_OURS = f"/({APP_ID})/*"
# No empty and no dot segment: the path that is checked is the one WeChat gets.
_PLAIN = r"(?:/[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)+/?"
# Also a link that a mail or a chat has cut off: it is none of WeChat's paths.
_SIGNED = r"[A-Za-z0-9_.-]+"
_TICKET = "/cgi-bin/ticket/getticket"
_CORP_TICKET, _AGENT_TICKET = "/cgi-bin/get_jsapi_ticket", "/cgi-bin/ticket/get"
_ROBOT = "/cgi-bin/webhook/(send|upload_media)"

component = late("functions.wechat_api.component")
jssdk = late("functions.wechat_api.jssdk")
media = late("functions.wechat_api.media")
mini_program = late("functions.wechat_api.mini_program")
proxy = late("functions.wechat_api.proxy")
quota = late("functions.wechat_api.quota")
real_token = late("functions.wechat_api.real_token")
root_files = late("functions.wechat_api.root_files")
sns = late("functions.wechat_api.sns")
tokens = late("functions.wechat_api.tokens")
wecom_users = late("functions.wechat_api.wecom_users")
wecom = late("functions.wechat_api.wecom")


def _any(view: View) -> dict[str, View]:
    return dict.fromkeys(METHODS - {"HEAD"}, view)


ROUTES = (
    route(r"/favicon\.ico", body=UNREAD_BODY, GET=root_files.favicon),
    route(r"/robots\.txt", body=UNREAD_BODY, GET=root_files.robots),
    route(f"/({PROOF_NAME})", body=UNREAD_BODY, GET=root_files.domain_proof),
    route(f"/media/({_SIGNED})", body=UNREAD_BODY, GET=media.media),
    route("/cgi-bin/token", body=FORM_BODY, **got_or_posted(tokens.token)),
    route("/cgi-bin/stable_token", body=SMALL_BODY, POST=tokens.stable_token),
    route(_TICKET, body=FORM_BODY, **got_or_posted(tokens.ticket)),
    route("/cgi-bin/gettoken", body=FORM_BODY, **got_or_posted(wecom.gettoken)),
    route(_CORP_TICKET, body=FORM_BODY, **got_or_posted(wecom.jsapi_ticket)),
    route(_AGENT_TICKET, body=FORM_BODY, **got_or_posted(wecom.agent_ticket)),
    late_route(_ROBOT, body=LARGEST_BODY, POST=wecom.robot),
    *(
        route(f"/sns/{name}", body=FORM_BODY, **got_or_posted(view))
        for name, view in (
            ("oauth2/access_token", sns.access_token),
            ("oauth2/refresh_token", sns.refresh_token),
            ("oauth2/component/access_token", sns.component_access_token),
            ("oauth2/component/refresh_token", sns.component_refresh_token),
            ("userinfo", sns.userinfo),
            ("auth", sns.auth),
        )
    ),
    *(
        route(f"/cgi-bin/component/{name}", body=SMALL_BODY, POST=view)
        for name, view in (
            ("api_start_push_ticket", component.start_push_ticket),
            ("api_component_token", component.component_token),
            ("api_create_preauthcode", component.create_preauthcode),
            ("api_query_auth", component.query_auth),
            ("api_authorizer_token", component.authorizer_token),
            ("api_get_authorizer_info", component.authorizer_info),
            ("api_get_authorizer_list", component.authorizer_list),
            ("(?:api_)?[gs]et_authorizer_option", component.option),
        )
    ),
    route(
        "/sns/jscode2session",
        body=SMALL_BODY,
        **got_or_posted(mini_program.jscode2session),
    ),
    route(
        "/sns/component/jscode2session",
        body=SMALL_BODY,
        **got_or_posted(mini_program.component_jscode2session),
    ),
    route(
        "/cgi-bin/(?:auth|user)/getuserinfo", body=UNREAD_BODY, GET=wecom_users.userinfo
    ),
    route(
        "/cgi-bin/(?:auth|user)/getuserdetail",
        body=SMALL_BODY,
        POST=wecom_users.userdetail,
    ),
    late_route(
        f"(?!/{APP_ID}(?:/|$)){_PLAIN}",
        body=LARGEST_BODY,
        **_any(proxy.proxy),
    ),
    route(
        f"{_OURS}/access_token",
        body=SMALL_BODY,
        GET=real_token.real_token,
        POST=real_token.posted_real_token,
    ),
    route(f"{_OURS}/access_token/reject", body=SMALL_BODY, POST=real_token.reject),
    route(f"{_OURS}/ticket/reject", body=SMALL_BODY, POST=tokens.reject_ticket),
    route(f"{_OURS}/jssdk_config", body=UNREAD_BODY, GET=jssdk.jssdk_config),
    route(f"{_OURS}/media_url", body=UNREAD_BODY, GET=media.media_url),
    route(f"{_OURS}/quota", body=UNREAD_BODY, GET=quota.quota),
    route(f"{_OURS}/decrypt", body=MEDIUM_BODY, POST=mini_program.decrypt_user_data),
    route(f"{_OURS}{_TICKET}", body=FORM_BODY, **got_or_posted(tokens.ticket_for_app)),
    route(
        f"{_OURS}{_CORP_TICKET}",
        body=FORM_BODY,
        **got_or_posted(wecom.jsapi_ticket_for_app),
    ),
    route(
        f"{_OURS}{_AGENT_TICKET}",
        body=FORM_BODY,
        **got_or_posted(wecom.agent_ticket_for_app),
    ),
    late_route(f"{_OURS}{_ROBOT}", body=LARGEST_BODY, POST=wecom.robot_for_app),
    late_route(f"{_OURS}({_PLAIN})", body=LARGEST_BODY, **_any(proxy.proxy_for_app)),
    route(f"(?s:(?!/{APP_ID}(?:/|$)).*)", body=UNREAD_BODY, **_any(proxy.no_path)),
)


_QUICK = {
    "/favicon.ico",
    "/robots.txt",
    "/cgi-bin/token",
    "/cgi-bin/stable_token",
    "/cgi-bin/gettoken",
    "/sns/oauth2/access_token",
    "/sns/oauth2/refresh_token",
    "/sns/oauth2/component/access_token",
    "/sns/oauth2/component/refresh_token",
    "/sns/userinfo",
    "/sns/auth",
    "/cgi-bin/component/api_start_push_ticket",
    "/cgi-bin/component/api_component_token",
    "/cgi-bin/component/api_create_preauthcode",
    "/cgi-bin/component/api_query_auth",
    "/cgi-bin/component/api_authorizer_token",
}
"""Paths that are answered without WeChat, however slow it is."""

_ANY_CODE = re.compile(r"(?:^|&)code=")
_OUR_CODE = re.compile(r"(?:^|&)code=[A-Za-z0-9_-]{43}(?:&|$)")


def dialect(request: Request, error: GatewayError, *, https: bool) -> Response:
    """Answer an error in our JSON on our own paths, and as WeChat does on its own.

    All that no other function owns comes here, and so do mistyped addresses: a browser
    that shows a page, and a crawler that asks for a file, get 404 as its status.
    """
    if re.match(f"/{APP_ID}(?:/|$)|/media/{_SIGNED}$", request.path):
        return api_dialect(request, error, https=https)
    if error.code == "access_token_missing" and _is_navigation(request):
        return replace(wechat_dialect(request, _NO_PAGE, https=https), status=404)
    if _is_of_wecom(request):
        from functions.wechat_api.wecom_dialect import wecom_dialect

        return wecom_dialect(request, error, https=https)
    as_wechat = sns_dialect if request.path.startswith("/sns/") else wechat_dialect
    answer = as_wechat(request, error, https=https)
    is_file = isinstance(error, NotFound) and _is_proof(request.path)
    return replace(answer, status=404) if is_file else answer


_TOKEN = re.compile(r"(?:^|&)access_token=([^&]{1,1000})(?:&|$)")
_OF_WECOM = re.compile(rf"/cgi-bin/gettoken|{_CORP_TICKET}|{_ROBOT}")


def _is_of_wecom(request: Request) -> bool:
    """Tell whether the caller's SDK is one of WeCom's, by the path or the token."""
    if _OF_WECOM.fullmatch(request.path):
        return True
    # The query may be the very thing that is refused: it is not taken apart.
    token = _TOKEN.search(request.query)
    return bool(re.fullmatch(WECOM_ID, claimed_appid(token[1] if token else "")))


_NO_PAGE = GatewayError(
    status=404,
    errcode=41001,
    code="access_token_missing",
    errmsg="access_token missing, and no page is here: users sign in at /login",
)


def _is_navigation(request: Request) -> bool:
    # Java's HttpURLConnection names text/html as well, and would hide the answer's
    # body behind an exception if the status were 404.
    accepted = request.header("accept") or ""
    return request.method in ("GET", "HEAD") and "application/xhtml+xml" in accepted


def _is_proof(path: str) -> bool:
    return bool(re.fullmatch(f"/{PROOF_NAME}", path))


def _waits(method: str, path: str, query: str) -> bool:
    if path == "/sns/oauth2/access_token":
        # A mobile app's code is WeChat's own, and WeChat exchanges it. A posted code
        # is not known before the body is read.
        has_code = method == "POST" or _ANY_CODE.search(query)
        return bool(has_code) and not _OUR_CODE.search(query)
    return path not in _QUICK and not _is_proof(path)


handler = entrypoint(
    ROUTES, mount="/wechat_api", dialect=dialect, waits=_waits, joins_slashes=True
)
