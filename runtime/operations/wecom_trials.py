"""Trials of an app's setting at WeCom: what a harmless call tells, and what none does.

gettoken gives the token in use again, and proves the Secret alone: it works from any
address. A call that reads tells whether WeCom takes calls from here.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from runtime.errors import (
    GatewayError,
    WeChatUnreachable,
    WeComSecretRefused,
    hint_of,
)
from runtime.gateway import Gateway
from runtime.operations.trial_lines import (
    API,
    CALLBACK_DOMAIN,
    OK,
    UNKNOWN,
    WRONG,
    Trial,
)
from runtime.registry.models import App
from runtime.wecom.errors import NOT_ALLOWED

SECRET, ADDRESS = "Secret", "trusted IPs"


def wecom_trials(gateway: Gateway, app: App) -> Iterator[Trial]:
    """Yield what WeCom tells about an app's Secret, its address and its domain."""
    try:
        gateway.wecom.get_token(app)
    except WeChatUnreachable as error:
        url = gateway.settings.wecom_api_url
        why = f": {error.explanation}" if error.explanation else ""
        yield Trial(API, WRONG, f"{url} cannot be reached from here{why}")
        return
    except WeComSecretRefused as error:
        says = (
            f"WeCom answered {error.errcode}: Secret or corpid is wrong, or the app is "
            f"disabled; app update {app.appid} --secret takes another one"
        )
        yield Trial(SECRET, WRONG, says)
        yield Trial(ADDRESS, UNKNOWN, "WeCom tells it only with a Secret that it takes")
        return
    except GatewayError as error:
        yield Trial(SECRET, UNKNOWN, _untold(error))
        yield Trial(ADDRESS, UNKNOWN, _untold(error))
        return
    yield Trial(SECRET, OK, "WeCom takes it")
    yield _address(gateway, app)
    if app.agentid:
        host = urlsplit(gateway.settings.public_base_url).netloc
        says = f"WeCom compares {host} only when a member signs in"
        yield Trial(CALLBACK_DOMAIN, UNKNOWN, says)


def _address(gateway: Gateway, app: App) -> Trial:
    error, address = gateway.wecom_calls.try_business_call(app)
    if error is None:
        came = address or "here"
        return Trial(ADDRESS, OK, f"WeCom takes calls from {came}")
    if error.errcode == NOT_ALLOWED:
        says = hint_of(error.errcode, error.errmsg)
        return Trial(ADDRESS, WRONG, says or "WeCom does not take calls from here")
    return Trial(ADDRESS, UNKNOWN, _untold(error))


def _untold(error: GatewayError) -> str:
    if error.errcode == -1:
        return f"no answer: {error.code}"
    return f"WeCom answered {error.errcode}"
