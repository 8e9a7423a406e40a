"""Why a mini program's sign-in is refused, for its front end to choose by."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from runtime.errors import BadRequest, GatewayError, RateLimited


class JsonRequired(BadRequest):
    """The body is not said to be JSON; any site's form could post another kind."""

    status = 415
    code = "json_required"
    message = "The body has to be JSON, and its Content-Type has to say so."


class JsCodeSpent(GatewayError):
    """WeChat knows the js_code no more, or it is another mini program's."""

    status = 400
    errcode = 40029
    code = "js_code_spent"
    message = "The js_code is unknown, expired or used: call wx.login again."


class PersonBlocked(GatewayError):
    """WeChat thinks the person a risk and lets them in nowhere."""

    status = 403
    errcode = 40226
    code = "person_blocked"
    message = "WeChat does not let this person sign in."


class TooManyJsCodes(RateLimited):
    """WeChat exchanges 100 js_codes of a person a minute."""

    errcode = 45011
    code = "too_many_js_codes"

    def __init__(self) -> None:
        super().__init__(60)


class PairwiseClient(GatewayError):
    """A session holds WeChat's names of a person, which this client does not get."""

    status = 403
    code = "pairwise_client"
    message = "A pairwise client signs people in by jscode2session."


EXPLAINED: Mapping[int, Callable[[], GatewayError]] = {
    40029: JsCodeSpent,
    40163: JsCodeSpent,
    40226: PersonBlocked,
    45011: TooManyJsCodes,
}
"""By WeChat's errcode; any other is about the app's document, or WeChat itself."""
