"""Messages of a service account to a user who has scanned the QR code of a sign-in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from runtime.errors import N_
from runtime.pages.languages import translator

_CHINA = timezone(timedelta(hours=8))

_NOTICES = {
    "expired": N_("This QR code has expired. Please start again on the computer."),
    "used": N_("You are signed in on the computer."),
    "refused": N_("You have refused this sign-in."),
    "confirmed": N_("You have confirmed this sign-in. Go on at the computer."),
    "failed": N_("The digits were wrong too often, so this sign-in has ended."),
    "elsewhere": N_(
        "Another WeChat user has scanned this QR code before you. Please start again "
        "on the computer, and let nobody else scan it."
    ),
    "too_often": N_("Too many sign-ins. Please wait a minute, then scan again."),
    "failed_here": N_("The sign-in has not worked. Please scan the QR code again."),
    "not_admitted": N_(
        "This service has not admitted you yet. Tell its operators the reference "
        "%(reference)s."
    ),
}


def digits_message(
    language: str,
    *,
    client_name: str,
    device: str,
    place: str,
    at: int,
    digits: str,
    address: str,
) -> str:
    """Return the message with the digits, and where alone to type them."""
    _ = translator(language)
    where = _(
        "Type them only on the computer in front of you, on a page whose address "
        "begins with %(address)s"
    )
    beware = _(
        "Tell them to nobody. Whoever asks you for them wants to sign in as you."
    )
    return "\n".join(
        [
            *_facts(_, client_name, device, place, at),
            "",
            _("Four digits: %(digits)s") % {"digits": digits},
            "",
            where % {"address": address},
            beware,
            _("Ignore this message if you have not just opened this sign-in yourself."),
        ]
    )


def question_message(
    language: str, *, client_name: str, device: str, place: str, at: int, url: str
) -> str:
    """Return the message with the link to the page that asks the user."""
    _ = translator(language)
    link = _("Confirm or refuse")
    return "\n".join(
        [
            *_facts(_, client_name, device, place, at),
            "",
            f'<a href="{url}">{link}</a>',
            "",
            _(
                "Confirm only if you have just opened this sign-in yourself, on a "
                "computer in front of you. Whoever sent you this QR code wants to "
                "sign in as you: then refuse."
            ),
        ]
    )


def notice(language: str, what: str, *, reference: str = "") -> str:
    """Return the message to a user whom nothing is asked."""
    return translator(language)(_NOTICES[what]) % {"reference": reference}


def _facts(
    _: Callable[[str], str], client_name: str, device: str, place: str, at: int
) -> list[str]:
    started = datetime.fromtimestamp(at, _CHINA).strftime("%Y-%m-%d %H:%M")
    # WeChat would take `<` for the beginning of a link.
    name = client_name.replace("<", "＜")
    unknown = _("not known")
    return [
        _("Sign in on a computer?"),
        "",
        _("Service: %(name)s") % {"name": name},
        _("Computer: %(device)s") % {"device": device or unknown},
        _("IP address of the computer: %(place)s") % {"place": place or unknown},
        _("Started: %(time)s (UTC+8)") % {"time": started},
    ]
