"""List of the accounts that have authorised a component, as WeChat has it.

It fills gaps of our documents, as a last resort, and deletes nothing: an account that
the list lacks is not touched, and of one that it has WeChat is asked what stands now.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field, replace

from runtime.documents.unreadable import UnreadableDocument
from runtime.errors import GatewayError, WeChatRefused
from runtime.registry.authorizers import AUTHORIZED, Authorizer, Authorizers
from runtime.registry.models import App
from runtime.wechat.authorizations import Ask, Authorizations, Tokens
from runtime.wechat.authorizer_answers import Listed, listed_of
from runtime.wechat.component_errors import NOT_AUTHORIZED

PAGE = 500
"""The most accounts of one page."""

MOST_PAGES = 400

AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Pulled:
    """Result of a comparison with the list: how many it has, and whose gaps.

    `filled` are now in our documents. Of `not_exchanged` no code was ever exchanged;
    `failed` could not be read or written; of `left` nobody was asked, for lack of time.
    """

    listed: int = 0
    unchanged: int = 0
    filled: list[str] = field(default_factory=list)
    not_exchanged: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


class AuthorizerList:
    """The list of a component's accounts."""

    def __init__(
        self,
        authorizers: Authorizers,
        authorizations: Authorizations,
        *,
        ask: Ask,
        tokens: Tokens,
        known: Callable[[str, str], Authorizer | None],
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._authorizers = authorizers
        self._authorizations = authorizations
        self._ask = ask
        self._tokens = tokens
        self._known = known
        self._now = now
        self._clock = clock

    def pull(self, component: App, *, seconds: float) -> Pulled:
        """Fill the gaps of our documents, for this long; return what was found.

        The error of WeChat if it gives no list.
        """
        until = self._clock() + seconds
        entries = self._entries(component)

        def fill(entry: Listed) -> tuple[str, str]:
            if self._clock() >= until:
                return "left", entry.appid
            return self._fill(component, entry), entry.appid

        with ThreadPoolExecutor(AT_ONCE) as pool:
            # What a thread writes stands in the audit log as its caller's.
            asked = [pool.submit(copy_context().run, fill, each) for each in entries]
            outcomes = [each.result() for each in asked]
        by_outcome = {
            name: [appid for outcome, appid in outcomes if outcome == name]
            for name in ("filled", "not_exchanged", "failed", "left")
        }
        unchanged = sum(outcome == "unchanged" for outcome, _ in outcomes)
        return Pulled(len(entries), unchanged, **by_outcome)

    def fill_one(
        self, component: App, appid: str, *, authorized_at: int = 0
    ) -> Authorizer | None:
        """Return an account's authorisation as WeChat tells it now, written if new.

        None if no code of it was ever exchanged. WeChatRefused, with 61003 if it has
        not authorised. What is written while WeChat is asked counts.
        """
        before = self._authorizers.newest(component.appid, appid)
        account = self._authorizations.account(component, appid)
        now = account.exchanged
        if not now.refresh_token:
            return None
        at = authorized_at or int(self._now())

        def change(found: Authorizer | None) -> Authorizer | None:
            if found != before:
                return None
            known = found or Authorizer(component.appid, appid, kind=account.kind)
            is_anew = found is None or not found.stands
            return replace(
                known,
                kind=account.kind,
                refresh_token=now.refresh_token,
                permission_sets=now.permission_sets,
                state=AUTHORIZED,
                user_name=account.user_name or known.user_name,
                service_type=account.service_type,
                authorized_at=max(at, known.unauthorized_at)
                if is_anew
                else known.authorized_at,
            )

        return self._authorizers.change(component.appid, appid, change)

    def _entries(self, component: App) -> list[Listed]:
        found: dict[str, Listed] = {}
        for page in range(MOST_PAGES):
            wanted = {
                "component_appid": component.appid,
                "offset": page * PAGE,
                "count": PAGE,
            }
            answer = self._ask(component, "api_get_authorizer_list", wanted)
            total, entries = listed_of(answer)
            found |= {each.appid: each for each in entries}
            if not entries or (page + 1) * PAGE >= total:
                break
        return list(found.values())

    def _readable(self, component: str, appid: str) -> Authorizer | None:
        try:
            return self._known(component, appid)
        except UnreadableDocument:  # its master key is gone, or it is damaged
            return None

    def _fill(self, component: App, entry: Listed) -> str:
        try:
            known = self._readable(component.appid, entry.appid)
            if not entry.refresh_token:
                return "unchanged" if known else "not_exchanged"
            is_same = known and known.refresh_token == entry.refresh_token
            if known and is_same and known.stands and known.user_name:
                return "unchanged"
            at = entry.authorized_at
            written = self.fill_one(component, entry.appid, authorized_at=at)
            if written is None:
                return "not_exchanged"
            if known and written.revision == known.revision:
                return "unchanged"
            if not is_same:
                self._tokens.drop(written)
        except WeChatRefused as refused:
            has_withdrawn = refused.errcode == NOT_AUTHORIZED
            return "unchanged" if has_withdrawn else "failed"
        except GatewayError:
            return "failed"
        return "filled"
