"""Paths of the open platform: which of the two tokens each takes, and what is refused.

Everything that a component does for an account takes the account's token, under
WeChat's ordinary paths. What is about the component itself takes the component's.
"""

from __future__ import annotations

import re

_OF_COMPONENT = re.compile(
    r"/cgi-bin/component/(?!(?:api_)?[gs]et_authorizer_option$).+"
    r"|/wxa/(gettemplatedraftlist|gettemplatelist|addtotemplate|deletetemplate)"
    r"|/wxa/component/.+",
    re.IGNORECASE,
)

_OPTIONS = re.compile(
    r"/cgi-bin/component/(?:api_)?[gs]et_authorizer_option", re.IGNORECASE
)

_REFUSED = re.compile(
    # They take a secret, or answer refresh tokens and codes of the real platform.
    r"/cgi-bin/component/(api_(component_token|start_push_ticket|query_auth"
    r"|authorizer_token|create_preauthcode|get_authorizer_info|get_authorizer_list)"
    r"|clear_quota/.*)",
    re.IGNORECASE,
)


def takes_component_token(path: str) -> bool:
    """Tell whether WeChat wants the component's token for this path.

    >>> takes_component_token("/wxa/gettemplatelist")
    True
    >>> takes_component_token("/wxa/commit")
    False
    """
    return bool(_OF_COMPONENT.fullmatch(path.rstrip("/")))


def takes_either_token(path: str) -> bool:
    """Tell whether WeChat takes the component's token and the account's, too."""
    return bool(_OPTIONS.fullmatch(path.rstrip("/")))


def is_of_component(path: str) -> bool:
    """Tell whether the token may come as `component_access_token`."""
    return takes_component_token(path) or takes_either_token(path)


def is_never_forwarded(path: str) -> bool:
    """Tell whether the path takes or answers the platform's own secrets."""
    return bool(_REFUSED.fullmatch(path.rstrip("/")))
