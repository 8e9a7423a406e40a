"""The pages people see: plain HTML that runs no script and loads nothing of others."""

from __future__ import annotations

import re

from runtime.errors import GatewayError
from runtime.languages import LANGUAGES, translator
from runtime.messages import Response
from runtime.rendering import render

_OWN_NAMES = {"zh_CN": "简体中文", "zh_TW": "繁體中文", "en": "English"}
_REST = r"[^\x00-\x20\x7f\\]*"
_LINK = re.compile(rf"(?:https?://|/(?!/)){_REST}", re.IGNORECASE)
# The origin goes into a header: no quotes, semicolons, spaces or user part.
_FRAME = re.compile(
    rf"(https?://[a-z0-9.-]+(?::[0-9]{{1,5}})?)(?:[/?#]{_REST})?", re.IGNORECASE
)


def sign_in(
    language: str,
    *,
    qr_url: str | None,
    wechat_url: str | None,
    login_url: str,
    client_name: str,
    qr_page_url: str | None = None,
    in_wechat: bool = False,
    mobile: bool = False,
    https: bool = False,
) -> Response:
    """Return the sign-in page: the ways that are open to this browser, honestly.

    `qr_url` is WeChat's page for an iframe, `qr_page_url` the same for a whole
    window, `wechat_url` its consent sheet, `login_url` this page's full address.
    """
    frame = _FRAME.fullmatch(qr_url or "")
    wechat = _link(wechat_url)
    return render(
        language,
        "sign_in.html",
        status=200 if frame or wechat else 501,
        https=https,
        frame_origin=frame[1] if frame and not in_wechat else None,
        qr_url=frame and frame[0],
        qr_page_url=_link(qr_page_url),
        wechat_url=wechat,
        address=login_url,
        switches=_switches(login_url),
        client_name=client_name,
        in_wechat=in_wechat,
        mobile=mobile,
    )


def error_page(
    language: str,
    error: GatewayError,
    *,
    request_id: str,
    start_again: str | None,
    home: str | None,
    https: bool = False,
) -> Response:
    """Return what went wrong in a person's words, with a way on."""
    page = render(
        language,
        "error.html",
        status=error.status,
        https=https,
        message=translator(language)(error.message),
        request_id=request_id,
        start_again=_link(start_again),
        home=_link(home),
    )
    if error.retry_after is None:
        return page
    return page.with_headers(("Retry-After", str(error.retry_after)))


def sign_out(
    language: str, *, action: str, token: str, home: str | None, https: bool = False
) -> Response:
    """Return the question whether to sign out; its form posts `token` as `_xsrf`."""
    return render(
        language,
        "sign_out.html",
        https=https,
        action=_link(action),
        token=token,
        home=_link(home),
    )


def signed_out(language: str, *, home: str | None, https: bool = False) -> Response:
    """Return the word that one is signed out."""
    return render(language, "signed_out.html", https=https, home=_link(home))


def _link(url: str | None) -> str | None:
    """Return a web address or local path as it is, and None for anything else."""
    return url if _LINK.fullmatch(url or "") else None


def _switches(login_url: str) -> list[tuple[str, str, str, str | None]]:
    """Return code, tag, own name and address of this page in each language."""
    path, _, query = login_url.partition("?")
    kept = [pair for pair in query.split("&") if pair and not _is_language(pair)]
    return [
        (
            code,
            code.replace("_", "-"),
            _OWN_NAMES[code],
            _link(f"{path}?{'&'.join([*kept, f'lang={code}'])}"),
        )
        for code in LANGUAGES
    ]


def _is_language(pair: str) -> bool:
    return pair.partition("=")[0] in ("lang", "ui_locales")
