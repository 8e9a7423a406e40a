"""The pages that users see: plain HTML; only the QR code needs a script."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from runtime.errors import GatewayError, NotAdmitted
from runtime.pages.brand import NO_BRAND, Brand
from runtime.pages.languages import LANGUAGES, translator, url_in_language
from runtime.pages.qr_code import PageQr, QrCode
from runtime.pages.rendering import NOTHING_MORE, Allowed, render
from runtime.pages.safe_urls import (
    callback_link,
    form_target,
    link,
    origin,
    picture,
    script,
    script_beside,
)
from runtime.web.browsers import Browser
from runtime.web.messages import Response

QR_SCRIPT = "/login/qr.js"
CONTINUE_SCRIPT = "/login/continue.js"
WAIT_SCRIPT = "/login/wait.js"
COPY_SCRIPT = "/login/copy.js"

RENEW_SECONDS = 540
"""A sign-in page loads itself anew after this time; its flow lives a minute longer."""

_OWN_NAMES = {"zh_CN": "简体中文", "zh_TW": "繁體中文", "en": "English"}
_NO_FIELDS: Mapping[str, str] = MappingProxyType({})


def sign_in(
    language: str,
    *,
    qr: QrCode | None,
    wechat_url: str | None,
    wecom_url: str | None = None,
    url: str,
    client_name: str,
    browser: Browser,
    other_browser_url: str | None = None,
    page_qr: PageQr | None = None,
    logo: str = "",
    home: str | None = None,
    silent: bool = False,
    renewal: str | None = None,
    brand: Brand = NO_BRAND,
    https: bool = False,
) -> Response:
    """Return the sign-in page with the ways that this browser can take.

    `wechat_url` is WeChat's consent sheet, `wecom_url` WeCom's page, `url` this page's
    own, `other_browser_url` the one to open in another browser if that differs,
    `page_qr` the QR code where there is none of WeChat's, `logo` a data: URI, `home`
    the client's home page.
    `silent` tells that WeChat does not ask for consent. The page loads `renewal` before
    its sign-in expires.
    """
    if qr and not (origin(qr.frame_url) and link(qr.page_url)):
        qr = None
    shown = qr if browser is Browser.DESKTOP else None
    waits = bool(page_qr and page_qr.picture)
    own_script = script_beside(url, WAIT_SCRIPT if waits else QR_SCRIPT)
    copy_script = None
    if page_qr and page_qr.picture:
        scripts = (own_script,) if own_script else ()
        allowed = Allowed(scripts=scripts, fetches=True)
    elif shown:
        allowed = _allowed(shown, own_script)
    else:
        copy_script = _copy_script(url, in_wechat=browser is Browser.WECHAT)
        allowed = Allowed(scripts=(copy_script,)) if copy_script else NOTHING_MORE
    return render(
        language,
        "sign_in.html",
        status=200 if qr or page_qr or link(wechat_url) or link(wecom_url) else 501,
        https=https,
        brand=brand,
        allowed=allowed,
        qr=qr,
        page_qr=page_qr,
        own_script=own_script,
        copy_script=copy_script,
        wechat_url=link(wechat_url),
        wecom_url=link(wecom_url),
        address=link(other_browser_url) or url,
        switches=language_switches(url),
        client_name=client_name,
        logo=picture(logo),
        home=link(home),
        browser=browser.value,
        silent=silent,
        renewal=link(renewal),
        renew_seconds=RENEW_SECONDS,
    )


def component_entry(
    language: str,
    *,
    url: str,
    client_name: str,
    browser: Browser,
    entry_url: str | None = None,
    logo: str = "",
    renewal: str | None = None,
    renew_seconds: int = RENEW_SECONDS,
    brand: Brand = NO_BRAND,
    https: bool = False,
) -> Response:
    """Return the page that leads a merchant to WeChat's, to authorise a component.

    `entry_url` is WeChat's page for this browser, None where it has to be another
    browser, which opens `url`. WeChat knows by the Referer on whose page its link
    stands, so this page alone tells our origin. It loads `renewal` before the link
    expires.
    """
    copy_script = _copy_script(url, in_wechat=browser is Browser.WECHAT)
    return render(
        language,
        "component_entry.html",
        https=https,
        brand=brand,
        allowed=Allowed(
            names_origin=True, scripts=(copy_script,) if copy_script else ()
        ),
        copy_script=copy_script,
        entry_url=link(entry_url),
        address=url,
        switches=language_switches(url),
        client_name=client_name,
        browser=browser.value,
        logo=picture(logo),
        renewal=link(renewal),
        renew_seconds=renew_seconds,
    )


def component_pending(
    language: str, *, seconds: int, request_id: str, https: bool = False
) -> Response:
    """Return the page for a merchant whose authorisation is not saved yet.

    It loads itself anew after these seconds, until the answer is another one.
    """
    page = render(
        language,
        "component_pending.html",
        status=503,
        https=https,
        seconds=seconds,
        request_id=request_id,
    )
    return page.with_headers(("Retry-After", str(seconds)))


def error_page(
    language: str,
    error: GatewayError,
    *,
    request_id: str,
    start_again: str | None,
    home: str | None,
    back: str | None = None,
    back_fields: Mapping[str, str] | None = None,
    client_name: str = "",
    framed_by: tuple[str, ...] = (),
    explains: bool = False,
    https: bool = False,
) -> Response:
    """Return the page that says what went wrong, with links to continue.

    In place of `home` it leads `back` to a client, as `not_admitted` does; without any
    of them to the sign-in page. `framed_by` are the origins whose pages show it in a
    frame. A page that `explains` shows a developer the cause.
    """
    page = render(
        language,
        "error.html",
        status=error.status,
        https=https,
        allowed=Allowed(
            form_targets=() if back_fields is None else _targets_of_form(back),
            framed_by=_nameable(framed_by),
        ),
        title=translator(language)(error.title),
        icon=icon_of(error),
        message=translator(language)(error.message),
        request_id=request_id,
        start_again=link(start_again),
        home=link(home),
        back=callback_link(back),
        back_fields=back_fields,
        client_name=client_name,
        code=error.code,
        cause=error.cause if explains else "",
    )
    if error.retry_after is None:
        return page
    return page.with_headers(("Retry-After", str(error.retry_after)))


def icon_of(error: GatewayError) -> str:
    """Return which icon the page of an error has."""
    if error.status in (429, 503, 504) or error.code.endswith("expired"):
        return "clock"
    if error.status in (401, 403):
        return "stop"
    return "search" if error.status == 404 else "alert"


def not_admitted(
    language: str,
    *,
    reference: str,
    client_name: str = "",
    start_again: str | None,
    back: str | None,
    back_fields: Mapping[str, str] | None = None,
    sign_out: str | None = None,
    framed_by: tuple[str, ...] = (),
    brand: Brand = NO_BRAND,
    https: bool = False,
) -> Response:
    """Return the page for a user whom the client does not admit, with the reference.

    It leads `back` to the client: by a form with `back_fields`, or by a link.
    `framed_by` are the origins whose pages show it in a frame.
    """
    return render(
        language,
        "not_admitted.html",
        status=403,
        https=https,
        brand=brand,
        allowed=Allowed(
            form_targets=() if back_fields is None else _targets_of_form(back),
            framed_by=_nameable(framed_by),
        ),
        reference=reference,
        message=translator(language)(NotAdmitted.message),
        client_name=client_name,
        start_again=link(start_again),
        back=callback_link(back),
        back_fields=back_fields,
        sign_out=link(sign_out),
    )


def sign_out(
    language: str,
    *,
    action: str,
    token: str,
    home: str | None,
    client_name: str = "",
    fields: Mapping[str, str] = _NO_FIELDS,
    form_targets: tuple[str, ...] = (),
    brand: Brand = NO_BRAND,
    https: bool = False,
) -> Response:
    """Return the page that asks before signing out; its form posts `token` as `_xsrf`.

    `client_name` is the client that asks for it, `fields` what the form posts besides,
    and `form_targets` URLs to whose origins or schemes the answer may redirect.
    """
    # Chromium applies form-action to the redirect that answers a POST, too.
    targets = tuple(found for url in form_targets if (found := form_target(url)))
    return render(
        language,
        "sign_out.html",
        https=https,
        brand=brand,
        allowed=Allowed(form_targets=targets),
        action=link(action),
        fields={**fields, "_xsrf": token},
        home=link(home),
        client_name=client_name,
    )


def signed_out(
    language: str,
    *,
    home: str | None,
    client_name: str = "",
    brand: Brand = NO_BRAND,
    https: bool = False,
) -> Response:
    """Return the page that says that the user is signed out.

    It leads to the `home` of the client, or else to a new sign-in.
    """
    return render(
        language,
        "signed_out.html",
        https=https,
        brand=brand,
        home=link(home),
        client_name=client_name,
    )


def signed_in(
    language: str,
    *,
    client_name: str,
    home: str | None,
    again: str,
    goes_on: bool,
    brand: Brand = NO_BRAND,
    https: bool = False,
) -> Response:
    """Return the page for a request that was answered before.

    `again` gets it answered once more; if it `goes_on`, a script follows that link for
    a user who came here neither by Back nor by Reload.
    """
    own_script = script_beside(again, CONTINUE_SCRIPT) if goes_on else None
    return render(
        language,
        "signed_in.html",
        https=https,
        brand=brand,
        allowed=Allowed(scripts=(own_script,) if own_script else ()),
        client_name=client_name,
        home=link(home),
        again=link(again),
        goes_on=goes_on,
        own_script=own_script,
    )


def old_page(
    language: str,
    *,
    client_name: str,
    home: str | None,
    start_again: str,
    framed_by: tuple[str, ...] = (),
    brand: Brand = NO_BRAND,
    https: bool = False,
) -> Response:
    """Return the page in place of a sign-in page that was open for too long.

    `framed_by` are the origins whose pages show it in a frame.
    """
    return render(
        language,
        "old_page.html",
        https=https,
        brand=brand,
        allowed=Allowed(framed_by=_nameable(framed_by)),
        client_name=client_name,
        home=link(home),
        start_again=link(start_again),
    )


def answer_form(
    language: str,
    *,
    action: str,
    fields: Mapping[str, str],
    client_name: str,
    base_url: str,
    https: bool = False,
) -> Response:
    """Return the page whose form posts an answer to the client's URL `action`.

    A script posts it at once; without scripts the user does by a button. `base_url` is
    the gateway's own.
    """
    own_script = script_beside(base_url, CONTINUE_SCRIPT)
    scripts = (own_script,) if own_script else ()
    return render(
        language,
        "answer_form.html",
        https=https,
        allowed=Allowed(scripts=scripts, form_targets=_targets_of_form(action)),
        action=link(action),
        fields=fields,
        client_name=client_name,
        own_script=own_script,
    )


def embedded_sign_in(
    language: str,
    *,
    frame_url: str | None,
    top_url: str,
    client_name: str,
    framed_by: tuple[str, ...],
    renewal: str,
    brand: Brand = NO_BRAND,
    https: bool = False,
) -> Response:
    """Return the page with the QR code for a frame in a client's own page.

    `frame_url` is WeChat's page, None where this browser cannot use it; `top_url` is
    the sign-in page for a window. After RENEW_SECONDS it goes to `renewal`.
    """
    frame = origin(frame_url)
    allowed = Allowed(frame=frame, framed_by=_nameable(framed_by))
    return render(
        language,
        "embedded.html",
        https=https,
        brand=brand,
        allowed=allowed,
        frame_url=frame_url if frame else None,
        top_url=link(top_url),
        client_name=client_name,
        renew_seconds=RENEW_SECONDS,
        renewal=link(renewal),
    )


def answer_link(
    language: str,
    *,
    url: str,
    client_name: str,
    base_url: str,
    framed_by: tuple[str, ...],
    https: bool = False,
) -> Response:
    """Return the page in a frame that takes the top window to the client's URL.

    A script does it at once, where the browser lets it; the user does by a link.
    """
    own_script = script_beside(base_url, CONTINUE_SCRIPT)
    scripts = (own_script,) if own_script else ()
    return render(
        language,
        "answer_link.html",
        https=https,
        allowed=Allowed(scripts=scripts, framed_by=_nameable(framed_by)),
        url=link(url),
        client_name=client_name,
        own_script=own_script,
    )


def _targets_of_form(action: str | None) -> tuple[str, ...]:
    """Return where the answer to a form at a client's URL may redirect.

    Chromium applies form-action to each redirect of that answer, too, and the client
    may redirect to another host of its own.
    """
    return ("https:",) if (action or "").startswith("https:") else ("https:", "http:")


def _copy_script(url: str, *, in_wechat: bool) -> str | None:
    """Return the script that copies an address, None inside WeChat: it is there."""
    return None if in_wechat else script_beside(url, COPY_SCRIPT)


def _nameable(origins: tuple[str, ...]) -> tuple[str, ...]:
    """Return the origins that a policy can name; a document is not trusted."""
    return tuple(each for each in origins if each == origin(each))


def _allowed(qr: QrCode, own_script: str | None) -> Allowed:
    """Return what the page with the QR code may load: two scripts and one frame."""
    scripts = tuple(url for url in (own_script, script(qr.script_url)) if url)
    return Allowed(scripts=scripts, frame=origin(qr.frame_url))


def language_switches(url: str) -> list[tuple[str, str, str, str | None]]:
    """Return each language's code, tag and own name, and this page's URL in it."""
    return [
        (
            code,
            code.replace("_", "-"),
            _OWN_NAMES[code],
            link(url_in_language(url, f"lang={code}")),
        )
        for code in LANGUAGES
    ]
