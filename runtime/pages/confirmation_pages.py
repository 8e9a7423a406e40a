"""Pages of a sign-in that is confirmed on a phone, and of one that a code begins."""

from __future__ import annotations

from runtime.pages.brand import NO_BRAND, Brand
from runtime.pages.pages import CONTINUE_SCRIPT
from runtime.pages.rendering import NOTHING_MORE, Allowed, render
from runtime.pages.safe_urls import callback_link, link, picture, script_beside
from runtime.web.messages import Response


def digits_form(
    language: str,
    *,
    flow: str,
    tries: int,
    wrong: bool,
    start_again: str,
    logo: str = "",
    brand: Brand = NO_BRAND,
    https: bool = False,
) -> Response:
    """Return the computer's page that asks for the digits of the phone."""
    return render(
        language,
        "digits.html",
        status=400 if wrong else 200,
        https=https,
        brand=brand,
        flow=flow,
        tries=tries,
        wrong=wrong,
        start_again=link(start_again),
        logo=picture(logo),
    )


def go_on(
    language: str, url: str, *, client_name: str, https: bool = False
) -> Response:
    """Return the page that leads on after a form has signed somebody in.

    Chromium applies form-action to every redirect behind a form's POST, those of the
    client's own sites included: a page that goes on by itself ends that chain.
    """
    return render(
        language,
        "go_on.html",
        https=https,
        url=callback_link(url),
        client_name=client_name,
    )


def phone_elsewhere(language: str, *, https: bool = False) -> Response:
    """Return the page for a scanner that is not WeChat's."""
    return render(language, "phone_elsewhere.html", https=https)


def phone_question(
    language: str,
    *,
    flow: str,
    client_name: str,
    user_name: str,
    device: str,
    place: str,
    minutes: int,
    brand: Brand = NO_BRAND,
    https: bool = False,
) -> Response:
    """Return the phone's page that asks whether to sign in on that computer."""
    return render(
        language,
        "phone_question.html",
        https=https,
        brand=brand,
        flow=flow,
        client_name=client_name,
        user_name=user_name,
        device=device,
        place=place,
        minutes=minutes,
    )


def phone_digits(
    language: str, *, flow: str, digits: str, address: str, https: bool = False
) -> Response:
    """Return the phone's page with the digits, and where alone to type them."""
    return render(
        language,
        "phone_digits.html",
        https=https,
        flow=flow,
        digits=digits,
        address=address,
    )


def phone_notice(language: str, state: str, *, https: bool = False) -> Response:
    """Return the phone's page for a sign-in that is confirmed, refused or over."""
    return render(language, "phone_notice.html", https=https, state=state)


def web_view(
    language: str,
    *,
    code: str,
    token: str,
    user_name: str,
    client_name: str,
    other_user: bool,
    at_once: bool,
    url: str,
    https: bool = False,
) -> Response:
    """Return the page on which a mini program's user goes on in a web-view.

    `user_name` is empty where WeChat has told none. With `at_once` a script posts the
    form; without scripts its button does. `url` is the page's own.
    """
    own_script = script_beside(url, CONTINUE_SCRIPT) if at_once else None
    allowed = Allowed(scripts=(own_script,)) if own_script else NOTHING_MORE
    return render(
        language,
        "web_view.html",
        https=https,
        allowed=allowed,
        code=code,
        token=token,
        user_name=user_name,
        client_name=client_name,
        other_user=other_user,
        at_once=at_once,
        own_script=own_script,
    )
