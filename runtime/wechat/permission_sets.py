"""Permission sets that a call needs, by its path: they pick one of two authorisations.

The platform names the sets on the page of each API; any of them opens the call. What is
not here needs none that we know, and then the newest authorisation counts.
"""

from __future__ import annotations

_BY_PREFIX = (
    ("/cgi-bin/message/custom/", (1, 6, 19)),
    ("/cgi-bin/message/template/", (7,)),
    ("/cgi-bin/template/", (7,)),
    ("/cgi-bin/message/mass/", (7,)),
    ("/cgi-bin/customservice/", (1, 6)),
    ("/customservice/", (1, 6)),
    ("/cgi-bin/user/", (2,)),
    ("/cgi-bin/tags/", (2,)),
    ("/cgi-bin/qrcode/", (3,)),
    ("/cgi-bin/shorten/", (3,)),
    ("/cgi-bin/ticket/", (4,)),
    ("/sns/", (4,)),
    ("/cgi-bin/media/", (1, 7, 11, 19)),
    ("/cgi-bin/material/", (11,)),
    ("/cgi-bin/menu/", (15,)),
    ("/cgi-bin/open/", (24, 25)),
    ("/wxa/getwxacode", (17, 18)),
    ("/wxa/", (18,)),
)

SIGN_IN = (4,)
"""Those with which a component signs in the users of a service account."""


def sets_for(path: str) -> tuple[int, ...]:
    """Return the sets of which a call needs one; an empty tuple if none is known.

    >>> sets_for("/cgi-bin/menu/get")
    (15,)
    >>> sets_for("/cgi-bin/get_api_domain_ip")
    ()
    """
    found = (sets for prefix, sets in _BY_PREFIX if path.startswith(prefix))
    return next(found, ())
