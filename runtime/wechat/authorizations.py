"""Authorisations of accounts, taken so that none is lost: a code works only once.

1  The event or the code is in Redis, sealed.
2  api_query_auth exchanges the code.
3  Its answer is in Redis, sealed, for seven days.
4  The document `authorizers/COMPONENT-APPID` is written, and custody has the tokens.
5  1 and 3 are deleted.
6  The platform gets `success`, or the merchant's browser is led on.

10:00:00  An event comes; A stores it, asks WeChat, and stores the answer.
10:00:01  A is killed before it writes the document: the platform got no answer.
10:00:02  The browser brings the same code; B finds A at work, and waits.
10:00:04  A's lease has ended: B finds the answer, writes the document, leads on.
10:00:05  The event comes again: B knows that it is done, and answers `success`.

Who finds a code of which WeChat may have seen the exchange asks first what stands there
now: nobody exchanges twice.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from runtime.crypto.envelope import Envelope
from runtime.errors import (
    N_,
    GatewayError,
    ServiceUnavailable,
    WeChatRefused,
    WeChatUnreachable,
)
from runtime.registry.authorizers import UNAUTHORIZED, Authorizer, Authorizers
from runtime.registry.models import App
from runtime.state.redis_store import RedisStore
from runtime.wechat.authorization_records import (
    LEASE_SECONDS,
    AuthorizationRecords,
    Busy,
    Gone,
    Record,
    Way,
    record_id,
)
from runtime.wechat.authorizer_answers import (
    Account,
    Exchanged,
    account_of,
    exchanged_of,
)
from runtime.wechat.component_errors import NOT_AUTHORIZED

WAIT_SECONDS = LEASE_SECONDS + 0.6
"""How long one waits for another who is at work: a platform waits 5 s for an answer."""

POLL_SECONDS = 0.05

SPENT_CODE = (61009, 61010)
"""Errcodes for a code that is wrong or used, and for one that is too old."""

log = logging.getLogger("gateway.component")

Ask = Callable[[App, str, Mapping[str, Any]], dict[str, Any]]
"""Calls `/cgi-bin/component/NAME` with the component's token; returns the JSON."""


class Tokens(Protocol):
    """Custody of the tokens of authorisations."""

    def put(
        self, authorizer: Authorizer, token: str, seconds: float, *, since: int | None
    ) -> None:
        """Replace an account's token; one of that time unless there is a newer one.

        `since` is in ms of Redis' clock, None means now.
        """

    def drop(self, authorizer: Authorizer, *, since: int | None = None) -> None:
        """Drop an account's token, unless it was fetched since."""


class AuthorizationPending(ServiceUnavailable):
    """The authorisation is stored, and will be saved; nobody has to authorise again."""

    code = "authorization_pending"
    message = N_("The authorization is being saved. Please wait a moment.")


class AuthorizationLost(GatewayError):
    """The code was used, or is too old, and nothing came of it."""

    status = 400
    errcode = 61009
    code = "authorization_lost"
    message = N_("This authorization has expired. Please start again.")


class _Withdrawn(Exception):
    """The account has withdrawn the authorisation meanwhile."""


@dataclass(frozen=True, slots=True)
class AuthorizationCode:
    """Code by which the platform or a browser tells of an authorisation.

    `at` is in seconds. The browser of a merchant knows no appid.
    """

    value: str = field(repr=False)
    at: int
    appid: str = ""


class Authorizations:
    """The authorisations of all components, from the first word to the document."""

    def __init__(
        self,
        store: RedisStore,
        envelope: Envelope,
        authorizers: Authorizers,
        *,
        ask: Ask,
        tokens: Tokens,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._store = store
        self._envelope = envelope
        self._authorizers = authorizers
        self._ask = ask
        self._tokens = tokens
        self._clock = clock
        self._sleep = sleep

    def take(self, component: App, code: AuthorizationCode, *, way: Way) -> str:
        """Take an authorisation; return the account's appid when it is durable.

        AuthorizationPending, or another error, if it is not yet: then it must not be
        acknowledged, and whoever comes next goes on. AuthorizationLost if the code is
        of no use.
        """
        id_ = record_id(component.appid, code.value)
        came = {"code": code.value, "at": code.at, "appid": code.appid}
        appid = self._work_on(component, id_, way=way, came=came)
        if not appid:
            raise AuthorizationLost
        return appid

    def withdraw(self, component: App, appid: str, *, at: int) -> None:
        """Take it that an account has withdrawn its authorisation at this time.

        Errors as of `take`. Without effect if it has authorised again since.
        """
        id_ = record_id(component.appid, "unauthorized", appid, str(at))
        came = {"withdrawn": True, "at": at, "appid": appid}
        self._work_on(component, id_, way="event", came=came)

    def resume(self, component: App, *, until: float) -> dict[str, int]:
        """Go on with what nobody has finished; return how many were done or left.

        None is begun after the time `until`.
        """
        records, done = self._records(component), Counter[str]()
        for id_ in records.due():
            if self._clock() >= until:
                break
            try:
                self._work_on(component, id_, waits=False)
                done["done"] += 1
            except (Gone, AuthorizationPending):
                continue
            except GatewayError as error:
                log.warning("%s: not gone on, %s", component.appid, error.code)
                done["left"] += 1
        return dict(done)

    def unfinished(self, component: App) -> int:
        """Return how many authorisations are not durable yet."""
        return self._records(component).count()

    def account(self, component: App, appid: str) -> Account:
        """Return what WeChat tells of an account now.

        WeChatRefused, with 61003 for one that has not authorised.
        """
        wanted = {"component_appid": component.appid, "authorizer_appid": appid}
        return account_of(self._ask(component, "api_get_authorizer_info", wanted))

    def _work_on(
        self,
        component: App,
        id_: str,
        *,
        way: Way | None = None,
        came: Mapping[str, Any] | None = None,
        waits: bool = True,
    ) -> str:
        """Return the appid when all is done; wait for another who is at work."""
        records, holder = self._records(component), secrets.token_hex(16)
        until = self._clock() + (WAIT_SECONDS if waits else 0.0)
        while True:
            try:
                found = records.begin(id_, holder, way=way, came=came)
            except Busy:
                if self._clock() >= until:
                    raise AuthorizationPending from None
                self._sleep(POLL_SECONDS)
                continue
            return found if isinstance(found, str) else self._finish(component, found)

    def _finish(self, component: App, record: Record) -> str:
        records = self._records(component)
        try:
            with _renewed(records, record):
                withdrawn = record.came.get("withdrawn")
                step = self._withdraw if withdrawn else self._authorize
                appid = step(component, record)
        except GatewayError:
            with suppress(ServiceUnavailable):
                records.pause(record)
            raise
        # Without Redis the document is written, and the record is found again.
        with suppress(ServiceUnavailable):
            if appid or record.event:
                records.finish(record, appid)
            else:
                # The event of the same code knows the account, and gets further.
                records.forget(record)
        return appid

    def _authorize(self, component: App, record: Record) -> str:
        """Take the steps from 2 to 4; an empty text if the code is of no use."""
        records = self._records(component)
        exchanged, since = _stored_answer(record), record.answered
        try:
            if exchanged is None:
                since = None
                exchanged = self._exchange(component, record)
                if exchanged is None:
                    return ""
                self._store_answer(records, record, exchanged)
            return self._write(component, record, exchanged, since=since)
        except _Withdrawn:
            log.info("%s: an account has withdrawn meanwhile", component.appid)
            return ""

    def _store_answer(
        self, records: AuthorizationRecords, record: Record, exchanged: Exchanged
    ) -> None:
        # Without Redis the document is written from this process' memory.
        with suppress(ServiceUnavailable):
            records.store_answer(record, exchanged.as_fields())

    def _exchange(self, component: App, record: Record) -> Exchanged | None:
        """Return what the code is worth, None if nothing."""
        code, appid = str(record.came.get("code", "")), str(record.came["appid"])
        records = self._records(component)
        if record.asked and appid:
            # WeChat may have seen the code, and its answer was lost.
            known = self._standing(component, appid)
            if known is not None:
                return known
        if not records.mark_asked(record):
            raise AuthorizationPending
        wanted = {"component_appid": component.appid, "authorization_code": code}
        try:
            return exchanged_of(self._ask(component, "api_query_auth", wanted))
        except WeChatRefused as refused:
            if refused.errcode not in SPENT_CODE:
                records.mark_asked(record, asked=False)
                raise
            known = self._standing(component, appid) if appid else None
            if known is None:
                _report_lost(component, record, refused)
            return known
        except WeChatUnreachable:
            records.mark_asked(record, asked=False)
            raise

    def _standing(self, component: App, appid: str) -> Exchanged | None:
        """Return what stands at WeChat; None if no code of it was ever exchanged."""
        account = self._account(component, appid)
        if account is None:
            raise AuthorizationPending
        return account.exchanged if account.exchanged.refresh_token else None

    def _account(self, component: App, appid: str) -> Account | None:
        """Return what WeChat tells of the account, None if it does not tell now."""
        try:
            return self.account(component, appid)
        except WeChatRefused as refused:
            if refused.errcode == NOT_AUTHORIZED:
                raise _Withdrawn from None
            return None
        except GatewayError:
            return None

    def _write(
        self,
        component: App,
        record: Record,
        exchanged: Exchanged,
        *,
        since: int | None,
    ) -> str:
        """Write the document, then give the tokens to custody.

        An answer that was found stored came at the time `since`.
        """
        at = int(record.came["at"])
        try:
            account = self._account(component, exchanged.appid)
        except _Withdrawn:
            if since is not None:
                raise
            account = None  # an exchange of this moment is newer than any withdrawal
        is_newest = True

        def change(found: Authorizer | None) -> Authorizer | None:
            nonlocal is_newest
            is_newest = found is None or not _is_later(found, at, account)
            return (
                _made_of(component, exchanged, account, found, at)
                if is_newest
                else None
            )

        written = self._authorizers.change(component.appid, exchanged.appid, change)
        if written and is_newest:
            if exchanged.access_token:
                self._tokens.put(
                    written, exchanged.access_token, exchanged.seconds, since=since
                )
            else:
                self._tokens.drop(written, since=since)
        return exchanged.appid

    def _withdraw(self, component: App, record: Record) -> str:
        appid, at = str(record.came["appid"]), int(record.came["at"])
        found = self._authorizers.newest(component.appid, appid)
        if found is None or not found.stands:
            return appid
        if at <= found.authorized_at and not self._has_withdrawn(component, appid):
            log.info("%s: an old withdrawal came late", component.appid)
            return appid

        known_at = max(at, found.authorized_at)

        def change(found: Authorizer | None) -> Authorizer | None:
            if found is None or found.authorized_at > known_at:
                return None
            return replace(
                found, state=UNAUTHORIZED, refresh_token="", unauthorized_at=at
            )

        written = self._authorizers.change(component.appid, appid, change)
        if written and not written.stands:
            self._tokens.drop(written)
        return appid

    def _has_withdrawn(self, component: App, appid: str) -> bool:
        try:
            self.account(component, appid)
        except WeChatRefused as refused:
            if refused.errcode == NOT_AUTHORIZED:
                return True
            raise
        return False

    def _records(self, component: App) -> AuthorizationRecords:
        return AuthorizationRecords(self._store, self._envelope, component.appid)


def _report_lost(component: App, record: Record, refused: WeChatRefused) -> None:
    if not record.event:  # a browser may bring any code
        log.info("%s: a code is of no use, %d", component.appid, refused.errcode)
        return
    log.error(
        "%s: the code of %s is of no use, %d: it has to change its permissions",
        component.appid,
        record.came["appid"],
        refused.errcode,
    )


def _stored_answer(record: Record) -> Exchanged | None:
    return Exchanged.from_fields(record.answer) if record.answer else None


def _is_later(found: Authorizer, at: int, account: Account | None) -> bool:
    """Tell whether a document is of something that came after this time.

    That the account has withdrawn counts only where WeChat does not tell that the
    authorisation stands.
    """
    return found.authorized_at > at or (found.unauthorized_at > at and not account)


def _made_of(
    component: App,
    exchanged: Exchanged,
    account: Account | None,
    found: Authorizer | None,
    at: int,
) -> Authorizer:
    """Return the document's model; what WeChat tells now counts, where it tells."""
    now = account.exchanged if account else exchanged
    known = found or Authorizer(component.appid, exchanged.appid, kind="service")
    return Authorizer(
        component=component.appid,
        appid=exchanged.appid,
        kind=account.kind if account else known.kind,
        refresh_token=now.refresh_token or exchanged.refresh_token,
        permission_sets=now.permission_sets,
        user_name=account.user_name if account else known.user_name,
        service_type=account.service_type if account else known.service_type,
        authorized_at=max(at, known.unauthorized_at),
        unauthorized_at=known.unauthorized_at,
    )


@contextmanager
def _renewed(records: AuthorizationRecords, record: Record) -> Iterator[None]:
    """Prolong the lease while the block runs."""
    done = threading.Event()

    def renew() -> None:
        while not done.wait(LEASE_SECONDS / 4):
            with suppress(ServiceUnavailable):
                if not records.renew(record):
                    return

    renewal = threading.Thread(target=renew, daemon=True)
    renewal.start()
    try:
        yield
    finally:
        done.set()
        renewal.join()
