"""Outcomes of actions, in sentences: what happened, and what comes next.

Of a command's answer only what is named here is kept until the page is shown; none of
it is a secret or an openid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from runtime.errors import N_
from runtime.pages.languages import language_of, translator
from runtime.web.messages import Request

_KEPT: Mapping[str, tuple[str, ...]] = {
    "refresh": ("tokens",),
    "ticket": ("outcome",),
    "pause": ("appid", "route"),
    "resume": ("appid", "route", "waited"),
    "replay": ("replayed", "dead_letters", "no_dead_letters"),
    "drop": ("dropped", "dead_letters", "no_dead_letters"),
    "disable": ("client_id", "version"),
    "sign_out": ("signed_out_until",),
    "acknowledge": ("condition", "of"),
}

_UNRECORDED, _WARNINGS = "audit", "warnings"


class Outcome(NamedTuple):
    """Sentences on what happened and on what comes next."""

    happened: list[str]
    next: list[str]


def kept_of(act: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept of a command's answer for the page after it."""
    names = (*_KEPT[act], _UNRECORDED, _WARNINGS)
    return {name: found[name] for name in names if name in found}


def outcome_of(request: Request, notice: Mapping[str, Any]) -> Outcome:
    """Return the sentences about a notice, in the language of the request."""
    _ = translator(language_of(request))
    found = notice["found"]
    if notice["outcome"] != "done":
        happened = [_(str(found.get("message", "")))]
        if "errmsg" in found:
            happened.append(_("WeChat said %(what)s") % {"what": found["errmsg"]})
        again = N_("Nothing else was tried. Mend the cause, then do it again.")
        return Outcome(happened, [_(again)])
    outcome = _OUTCOMES[notice["act"]](_, found)
    if found.get(_UNRECORDED):
        outcome.happened.append(found[_UNRECORDED])
    outcome.happened.extend(found.get(_WARNINGS) or ())
    return outcome


_Translate = Callable[[str], str]
_Found = Mapping[str, Any]

_REFRESHED = {
    "fetched": N_("%(name)s: a new value was fetched."),
    "stored": N_("%(name)s: a new value was fetched."),
    "fresh": N_("%(name)s: it was not due, and stays."),
    "busy": N_("%(name)s: another process is fetching it."),
    "unchanged": N_("%(name)s: WeChat gave the same value again."),
}


def _refresh(_: _Translate, found: _Found) -> Outcome:
    happened = [
        _(_REFRESHED.get(each["outcome"], "%(name)s: " + each["outcome"]))
        % {"name": each["name"]}
        for each in found["tokens"]
    ]
    after = N_("Calls use the new values at once. Look at the errors of the app.")
    return Outcome(happened or [_("There is no credential yet.")], [_(after)])


def _ticket(_: _Translate, found: _Found) -> Outcome:
    started = found["outcome"] == "started"
    words = (
        N_("WeChat had stopped to push verify tickets, and begins again.")
        if started
        else N_("WeChat says that it pushes verify tickets already.")
    )
    return Outcome(
        [_(words)],
        [_("The first one comes within ten minutes: look at the component again.")],
    )


def _pause(_: _Translate, found: _Found) -> Outcome:
    what = found.get("route") or found["appid"]
    return Outcome(
        [_("Deliveries of %(what)s are paused.") % {"what": what}],
        [_("Pushes are stored until then: resume before the inbox is full.")],
    )


def _resume(_: _Translate, found: _Found) -> Outcome:
    what = found.get("route") or found["appid"]
    happened = [_("Deliveries of %(what)s go on.") % {"what": what}]
    if found.get("waited"):
        happened.append(
            _("%(number)s pushes have waited.") % {"number": found["waited"]}
        )
    return Outcome(happened, [_("They are delivered in their order within a minute.")])


def _replay(_: _Translate, found: _Found) -> Outcome:
    words = _("%(number)s dead letters are delivered anew; %(left)s are left.")
    after = N_(
        "They are tried within a minute. Those that fail again become dead letters."
    )
    return _letters(_, words, found["replayed"], found, after)


def _drop(_: _Translate, found: _Found) -> Outcome:
    words = _("%(number)s dead letters were removed; %(left)s are left.")
    return _letters(
        _, words, found["dropped"], found, N_("Nothing more is to be done.")
    )


def _letters(
    _: _Translate, words: str, number: int, found: _Found, after: str
) -> Outcome:
    happened = [words % {"number": number, "left": found["dead_letters"]}]
    if missing := found.get("no_dead_letters"):
        words = _("These were no dead letters any more: %(ids)s")
        happened.append(words % {"ids": ", ".join(missing)})
    return Outcome(happened, [_(after)])


def _disable(_: _Translate, found: _Found) -> Outcome:
    client = {"client": found["client_id"]}
    return Outcome(
        [
            _("The client %(client)s is disabled, and all its tokens have ended.")
            % client
        ],
        [
            _("To accept its secrets again: manage.py client enable %(client)s")
            % client,
            _("If a secret has leaked: manage.py client rotate %(client)s") % client,
        ],
    )


def _sign_out(_: _Translate, found: _Found) -> Outcome:
    until = {"time": found["signed_out_until"]}
    return Outcome(
        [_("What the user began up to %(time)s has ended.") % until],
        [_("The user may sign in again; the field allow of a client keeps users out.")],
    )


def _acknowledge(_: _Translate, found: _Found) -> Outcome:
    alarm = {"condition": found["condition"], "of": found["of"]}
    return Outcome(
        [_("You take care of %(condition)s of %(of)s.") % alarm],
        [_("Follow what mends it. The alarm goes when its cause is gone.")],
    )


_OUTCOMES: Mapping[str, Callable[[_Translate, _Found], Outcome]] = {
    "refresh": _refresh,
    "ticket": _ticket,
    "pause": _pause,
    "resume": _resume,
    "replay": _replay,
    "drop": _drop,
    "disable": _disable,
    "sign_out": _sign_out,
    "acknowledge": _acknowledge,
}
