"""Errors with the status, code and sentence that a caller gets; nothing is secret."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any


def N_(sentence: str) -> str:
    """Mark a sentence for translation; it is translated when a page shows it."""
    return sentence


class GatewayError(Exception):
    """An error that is reported to the caller; it never changes after it was made.

    `status` is HTTP's, `errcode` WeChat's nearest code, `code` ours for programs,
    `title` and `message` a few words and an English sentence for users (translated on
    pages), `errmsg` WeChat's own text where it is WeChat that refused. The form of the
    answer is decided by a dialect (entry/dialects.py). `cause` is for the log and for a
    developer's page: what came, what is registered, and the command that mends it
    (web/request_causes.py).
    """

    status = 500
    errcode = -1
    code = "internal_error"
    title = N_("Something went wrong")
    message = N_("Something went wrong on our side.")
    errmsg = ""
    cause = ""
    retry_after: int | None = None

    def __init__(self, **own: Any) -> None:
        """Take what this error has of its own; the class has the rest."""
        vars(self).update(own)
        super().__init__(f"{self.code}: {self.message}")

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse: several threads may hold the same error. Python's own names pass."""
        if not name.startswith("__"):
            raise AttributeError(f"{type(self).__name__} cannot change its {name}")
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        """Refuse, as above."""
        raise AttributeError(f"{type(self).__name__} cannot lose its {name}")


class BadRequest(GatewayError):
    """The request is malformed: query, form, JSON, encoding or a repeated name."""

    status = 400
    errcode = 47001
    code = "invalid_request"
    title = N_("Request not understood")
    message = N_("The request could not be understood.")


class NotFound(GatewayError):
    """No function answers this path."""

    status = 404
    errcode = 40066
    code = "not_found"
    title = N_("Page not found")
    message = N_("There is no such page.")


class MethodNotAllowed(GatewayError):
    """The path exists, the method does not; `allowed` goes into Allow."""

    status = 405
    errcode = 43002
    code = "method_not_allowed"
    title = N_("Request not supported")
    message = N_("This page does not support this kind of request.")
    allowed: tuple[str, ...]

    def __init__(self, *allowed: str) -> None:
        super().__init__(allowed=allowed, errcode=43001 if "GET" in allowed else 43002)


class MisdirectedRequest(GatewayError):
    """The request names a host that ALLOWED_HOSTS does not."""

    status = 421
    errcode = 40066
    code = "misdirected_request"
    title = N_("Wrong address")
    message = N_("This is not the address of this service.")


class PayloadTooLarge(GatewayError):
    """The body is larger than its route accepts."""

    status = 413
    errcode = 45001
    code = "payload_too_large"
    title = N_("Request too large")
    message = N_("The request is too large.")


class UriTooLong(PayloadTooLarge):
    """The query is longer than any request needs."""

    status = 414
    code = "uri_too_long"


class HeadersTooLarge(PayloadTooLarge):
    """The headers together are larger than any request needs."""

    status = 431
    code = "headers_too_large"


class ServiceUnavailable(GatewayError):
    """Redis or the config store is away."""

    status = 503
    code = "temporarily_unavailable"
    title = N_("Briefly unavailable")
    message = N_("The service is briefly unavailable. Please try again.")
    retry_after = 2


class RedisFault(ServiceUnavailable):
    """Redis answers, and yet cannot be used; `explanation` is for operators only.

    `state` is what health calls it.
    """

    state = ""
    explanation: str

    def __init__(self, explanation: str, **own: Any) -> None:
        super().__init__(explanation=explanation, **own)


class OtherDeployment(RedisFault):
    """Redis belongs to another deployment."""

    state = "other_deployment"


class UntrustedRedis(RedisFault):
    """The certificate of Redis is not one that may be trusted."""

    state = "untrusted"


class RefusedByRedis(RedisFault):
    """Redis refuses these commands to the gateway's user, or its scripts."""

    state = "refused"
    commands: tuple[str, ...]
    answer: str

    def __init__(self, commands: Sequence[str], answer: str) -> None:
        shown = answer[:200]
        super().__init__(
            f"Redis refuses {' '.join(commands)}: {shown}. manage.py redis acl prints"
            " what must be allowed.",
            commands=tuple(commands),
            answer=shown,
        )


class Overloaded(GatewayError):
    """Too many calls wait for WeChat, of this client or in all; nothing was sent."""

    status = 503
    code = "overloaded"
    title = N_("Briefly unavailable")
    message = N_("The service is briefly unavailable. Please try again.")
    retry_after = 1


class RateLimited(GatewayError):
    """Too many calls of a client for an app, or too many starts of a sign-in."""

    status = 429
    errcode = 45009
    code = "rate_limited"
    title = N_("Too many requests")
    message = N_("Too many requests. Please try again.")

    def __init__(self, seconds: float) -> None:
        super().__init__(retry_after=max(1, math.ceil(seconds)))


# Sign-in and sessions.


class FlowExpired(GatewayError):
    """The sign-in's state is unknown, used up, or another browser's."""

    status = 400
    code = "flow_expired"
    title = N_("Sign-in expired")
    message = N_("This sign-in has expired or was started in another browser.")


class CookieMissing(FlowExpired):
    """The flow's cookie did not come back, nor did that of a second attempt."""

    code = "cookie_missing"
    title = N_("Cookie missing")
    message = N_(
        "This browser has not kept our cookie. Allow cookies, then start again."
    )


class QrCodeExpired(GatewayError):
    """The confirmation that a QR code or a computer's page stands for is over."""

    status = 400
    code = "qr_code_expired"
    title = N_("QR code expired")
    message = N_("This QR code has expired. Please start again on the computer.")


class ConfirmationRefused(GatewayError):
    """The user refused the sign-in on the phone."""

    status = 403
    code = "confirmation_refused"
    title = N_("Sign-in refused")
    message = N_("The sign-in was refused on the phone.")


class ConfirmationFailed(GatewayError):
    """The digits that were typed on the computer were wrong too often."""

    status = 403
    code = "confirmation_failed"
    title = N_("Sign-in ended")
    message = N_("The digits were wrong too often, so this sign-in has ended.")


class ConfirmedElsewhere(GatewayError):
    """Another phone was first to confirm the same sign-in."""

    status = 409
    code = "confirmed_elsewhere"
    title = N_("Already confirmed")
    message = N_("Another phone has already confirmed this sign-in.")


class SameBrowser(GatewayError):
    """The browser that shows a QR code has opened its address itself."""

    status = 409
    code = "same_browser"
    title = N_("Use your phone")
    message = N_(
        "This is the browser that shows the QR code. Scan it with WeChat on your phone."
    )


class WebViewCodeExpired(GatewayError):
    """A mini program's code for its web-view is unknown, expired or redeemed."""

    status = 400
    code = "web_view_code_expired"
    title = N_("Link expired")
    message = N_(
        "This link has expired or was used before. "
        "Please go back to the mini program and try again."
    )


class ConsentRefused(GatewayError):
    """The user refused on WeChat's consent sheet."""

    status = 403
    code = "access_denied"
    title = N_("Sign-in cancelled")
    message = N_("Sign-in was cancelled in WeChat.")


class SnapshotUser(GatewayError):
    """WeChat answered with the virtual user of its snapshot mode."""

    status = 403
    code = "snapshot_user"
    title = N_("Preview only")
    message = N_("WeChat opened a preview only. Tap “Use full service” and try again.")


class NotAMember(GatewayError):
    """WeCom names somebody who is no member of the company."""

    status = 403
    code = "not_a_member"
    title = N_("Members only")
    message = N_(
        "WeCom does not know you as a member of this company. People outside the "
        "company cannot sign in here."
    )


class OutsideVisibleRange(GatewayError):
    """The app is not visible to this member in WeCom."""

    status = 403
    code = "outside_visible_range"
    title = N_("App not open to you")
    message = N_(
        "Your company has not opened this app to you in WeCom. "
        "Please ask its WeCom administrator."
    )


class NotAdmitted(GatewayError):
    """The client admits known users or groups only, and this user is none of them.

    `reference` is what the user tells an operator.
    """

    status = 403
    errcode = 40226
    code = "not_admitted"
    title = N_("Not admitted yet")
    message = N_(
        "This service has not admitted you yet. Tell its operators the reference."
    )
    reference: str

    def __init__(self, reference: str) -> None:
        super().__init__(reference=reference)


class NotSignedIn(GatewayError):
    """No session, or one that is no longer valid."""

    status = 401
    code = "not_signed_in"
    title = N_("Not signed in")
    message = N_("You are not signed in.")


class Forbidden(GatewayError):
    """A cookie-authenticated request that did not come from our own page."""

    status = 403
    code = "forbidden"
    title = N_("Request refused")
    message = N_("This request did not come from our own page.")


class SignInNotConfigured(GatewayError):
    """No client or no app is configured with which this browser could sign in."""

    status = 501
    code = "sign_in_not_configured"
    title = N_("Not set up yet")
    message = N_(
        "Sign-in to this service is not set up. Please tell the operator of this "
        "service."
    )


class ClientDisabled(GatewayError):
    """An operator has disabled the client that asks, or LOGIN_CLIENT."""

    status = 403
    code = "client_disabled"
    title = N_("Service switched off")
    message = N_(
        "Signing in to this service is switched off at the moment. Please ask its "
        "operator."
    )

    def __init__(self, client_id: str) -> None:
        super().__init__(
            cause=f"the client {client_id} is disabled: "
            f"manage.py client enable {client_id}"
        )


class AccountQrUnavailable(GatewayError):
    """The client's account cannot make a QR code for a sign-in; the log says why."""

    status = 501
    code = "account_qr_unavailable"
    title = N_("Not set up yet")
    message = N_(
        "The WeChat account of this service cannot make QR codes for a sign-in. "
        "Please tell the operator of this service."
    )


class OidcNotConfigured(GatewayError):
    """No key to sign ID tokens with."""

    status = 501
    code = "oidc_not_configured"
    title = N_("Not set up yet")
    message = N_("OpenID Connect is not set up here: the setting OIDC_KEY is missing.")


class RedirectUriUnknown(GatewayError):
    """No client is known by this id, or it has not registered this redirect_uri.

    It is shown on a page: no browser is redirected to a URL that no client registered.
    """

    status = 400
    code = "redirect_uri_unknown"
    title = N_("Service not recognized")
    message = N_(
        "The service that sent you here is unknown, or its address is not registered."
    )


class RedirectUriFragment(RedirectUriUnknown):
    """The redirect_uri is registered and has a fragment; RFC 6749, 3.1.2, forbids it.

    The client may use it in WeChat's sign-in protocol.
    """

    code = "redirect_uri_fragment"
    title = N_("Address not allowed")
    message = N_(
        "The address of the service that sent you here has a #, which OpenID Connect"
        " does not allow."
    )


class InvalidClient(GatewayError):
    """The client is unknown or disabled, its secret wrong, or neither can be read."""

    status = 401
    errcode = 40125
    code = "invalid_client"
    message = "The client id or the client secret is wrong."


# Calls of WeChat's API.


class WeChatUnavailable(GatewayError):
    """WeChat did not answer, or answered something that is not its protocol.

    `nothing_sent` tells that no byte of the request has left, so that even a write
    may be repeated.
    """

    status = 502
    code = "wechat_unavailable"
    title = N_("No answer from WeChat")
    message = N_("WeChat did not answer properly. Please try again.")
    nothing_sent = False


class WeChatUnreachable(WeChatUnavailable):
    """The connection to WeChat failed: WeChat has seen nothing of the call."""

    code = "wechat_unreachable"
    nothing_sent = True
    explanation = ""


class ForwardProxyFailed(WeChatUnreachable):
    """The proxy to WeChat opened no tunnel; `explanation` is for operators only."""

    explanation: str

    def __init__(self, explanation: str) -> None:
        super().__init__(explanation=explanation)


class WeChatTimeout(WeChatUnavailable):
    """WeChat did not answer in time."""

    status = 504
    code = "wechat_timeout"
    message = N_("WeChat did not answer in time. Please try again.")


OUTCOME_UNKNOWN = 50400
"""Errcode of a write of unknown outcome.

WeChat has no such code, and no SDK's retry list holds it: they hold -1, 40001, 40014,
41001 and 42001, and some take a code's absolute value.
"""


class OutcomeUnknown(WeChatUnavailable):
    """A write was sent, at least in part, and no whole answer came.

    Neither status nor errcode invites a retry, which might do it twice: 504 is
    repeated by no policy for a POST, 502 and 503 are by some.
    """

    status = 504
    errcode = OUTCOME_UNKNOWN
    code = "outcome_unknown"
    message = "The call was sent to WeChat, and its outcome is unknown."


class AnswerTooLarge(GatewayError):
    """WeChat's answer is larger than the platform carries.

    A write has happened: then the status is 504, which invites no retry.
    """

    status = 502
    errcode = 45001
    code = "answer_too_large"
    title = N_("Answer too large")
    message = N_("WeChat's answer is larger than 6 MB.")
    errmsg = "the answer is larger than 6 MB, the limit of Function Compute"


class WeChatRefused(GatewayError):
    """WeChat refused with a code and errmsg of its own, passed on unchanged."""

    status = 502
    code = "wechat_refused"
    title = N_("Refused by WeChat")
    message = N_("WeChat refused the request.")

    def __init__(self, errcode: int, errmsg: str) -> None:
        super().__init__(errcode=errcode, errmsg=errmsg)

    @property
    def is_spent_code(self) -> bool:
        """Tell whether a sign-in's code is unknown, expired, used or another app's."""
        return self.errcode in (40029, 40163, 42003)


class WeComRefused(WeChatRefused):
    """WeCom refused with a code and errmsg of its own, passed on unchanged."""

    title = N_("Refused by WeCom")
    message = N_("WeCom refused the request.")

    @property
    def is_spent_code(self) -> bool:
        """Tell whether a sign-in's code is unknown, expired or used."""
        return self.errcode in (40029, 42022)


class StopFetching(WeChatRefused):
    """The credential's own secret is refused: no repetition can help, and it may harm.

    Custody fetches it no more until the app's document changes, or an operator asks.
    """


class WeComSecretRefused(WeComRefused, StopFetching):
    """WeCom takes neither this Secret nor this corpid.

    Each repetition counts towards a ban of the address, which would stop other apps.
    """


class WeComUnavailable(WeChatUnavailable):
    """WeCom did not answer a sign-in, or not in its protocol."""

    code = "wecom_unavailable"
    title = N_("No answer from WeCom")
    message = N_("WeCom did not answer properly. Please try again.")


class WeComTimeout(WeComUnavailable, WeChatTimeout):
    """WeCom did not answer a sign-in in time."""

    status = 504
    title = WeComUnavailable.title
    code = "wecom_timeout"
    message = N_("WeCom did not answer in time. Please try again.")


class WeComDomainRefused(GatewayError):
    """The app's trusted domain in WeCom is not the gateway's host."""

    status = 502
    code = "wecom_domain_refused"
    title = N_("Not set up yet")
    message = N_(
        "WeCom does not trust the domain of this page. For the operator: enter it as "
        "the trusted domain of the app in WeCom."
    )


class WeComAddressRefused(GatewayError):
    """The app's trusted IP addresses in WeCom lack the gateway's."""

    status = 502
    code = "wecom_address_refused"
    title = N_("Not set up yet")
    message = N_(
        "WeCom refuses calls from the address of this service. For the operator: enter "
        "it as a trusted IP of the app in WeCom."
    )


class ApiRefused(GatewayError):
    """The gateway itself refuses an API call, in WeChat's code; `code` tells why.

    The status is for the gateway's own paths; on WeChat's it is 200, as at WeChat.
    """

    def __init__(self, errcode: int, code: str, *, cause: str = "") -> None:
        super().__init__(
            errcode=errcode,
            code=code,
            cause=cause,
            status=_STATUS.get(errcode, 400),
            message=f"The call was refused: {code.replace('_', ' ')}.",
        )


_STATUS = {40013: 404, 40125: 401, 41001: 401, 48001: 403}


class SettingsError(Exception):
    """One or more settings are missing or malformed; the text names them."""


_IP_ADDRESS = re.compile(r"invalid ip ([0-9.]{7,15})|requestIP: ([0-9a-fA-F.:]{3,45})")


_HINTS = {
    61003: N_(
        "the account has not authorised this component, or has withdrawn: "
        "its owner has to authorise it again"
    ),
    61005: N_(
        "the component has no ticket of the last 12 hours: WeChat has stopped to "
        "push it, or the pushes do not arrive"
    ),
    61006: N_("the ticket is not this component's: each component has its own"),
    61007: N_("the account has not granted the permission set of this call"),
    61011: N_("WeChat does not know this component: compare its appid"),
    61017: N_("the account has not granted the permission set of this call"),
    61023: N_(
        "the account's refresh token is not valid, and WeChat tells no other: its "
        "owner has to authorise the component again"
    ),
}


_NOT_ALLOWED = N_(
    "WeChat sees this gateway as %(address)s: add it to the account's IP whitelist "
    "(mp.weixin.qq.com, or open.weixin.qq.com for a component), which takes some "
    "minutes to act"
)


_FROM_IP = re.compile(r"from ip: ?([0-9a-fA-F.:]{3,45})")

_IN_WECOM = re.compile(r"hint: ?\[|from ip:")
"""What every errmsg of WeCom's has, and none of WeChat's."""

_REFUSED_SECRET = N_(
    "WeCom takes neither this Secret nor this corpid, or the app is disabled: nothing "
    "is fetched any more until the document changes (app update --secret) or token "
    "refresh asks for it"
)

_WECOM_HINTS = {
    40001: _REFUSED_SECRET,
    40013: _REFUSED_SECRET,
    40091: _REFUSED_SECRET,
    48002: N_(
        "an app of this kind may not call this: another Secret of the company may"
    ),
    50003: N_("the app is disabled: a WeCom administrator enables it"),
    301002: N_("the Secret is that of another agentid"),
}

_NOT_TRUSTED = N_(
    "WeCom sees this gateway as %(address)s: add it to the app's trusted IPs in "
    "work.weixin.qq.com, which takes about a minute to act"
)


def seen_by_wecom(errmsg: str) -> str:
    """Return the address in an errmsg of WeCom's, "" if it has none."""
    seen = _FROM_IP.search(errmsg)
    return seen[1] if seen else ""


def hint_of(
    errcode: int, errmsg: str, words: Callable[[str], str] = lambda sentence: sentence
) -> str | None:
    """Return an ASCII sentence for the operator, or None where there is none.

    40164, 61004 and 45035 are about the IP address from which we call; others are the
    open platform's. An errmsg in WeCom's form has hints of its own: equal codes mean
    other things there. `words` may translate it, for a page.
    """
    if _IN_WECOM.search(errmsg):
        return _wecom_hint(errcode, errmsg, words)
    if errcode in _HINTS:
        return words(_HINTS[errcode])
    if errcode not in (40164, 61004, 45035):
        return None
    seen = _IP_ADDRESS.search(errmsg)
    unknown = N_("an address it does not know")
    address = (seen[1] or seen[2]) if seen else words(unknown)
    return words(_NOT_ALLOWED) % {"address": address}


def _wecom_hint(errcode: int, errmsg: str, words: Callable[[str], str]) -> str | None:
    if errcode == 60020:
        address = seen_by_wecom(errmsg) or words(N_("an address it does not know"))
        return words(_NOT_TRUSTED) % {"address": address}
    hint = _WECOM_HINTS.get(errcode)
    return None if hint is None else words(hint)
