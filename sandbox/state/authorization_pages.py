"""Authorization pages that merchants have open, from the QR code to the way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.clock import Clock
from sandbox.ids import Ids

LIFE = 600

WAITING, SCANNED, DONE, EXPIRED = "waiting", "scanned", "done", "expired"


@dataclass(slots=True)
class AuthorizationPage:
    """One page; `back` is where the browser goes once the merchant has decided.

    `authorizers` are the appids to choose from, `sets` the permission sets by kind.
    """

    uuid: str
    component: str
    pre_auth_code: str
    redirect_uri: str
    authorizers: tuple[str, ...]
    categories: tuple[int, ...]
    expires_at: float
    status: str = WAITING
    back: str = ""


class AuthorizationPages:
    """Pages by id; one lives ten minutes."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids
        self._pages: dict[str, AuthorizationPage] = {}

    def open(
        self,
        component: str,
        *,
        pre_auth_code: str,
        redirect_uri: str,
        authorizers: tuple[str, ...],
        categories: tuple[int, ...],
    ) -> AuthorizationPage:
        """Return a new page."""
        page = AuthorizationPage(
            self._ids.uuid(),
            component,
            pre_auth_code,
            redirect_uri,
            authorizers,
            categories,
            self._clock.now() + LIFE,
        )
        self._pages[page.uuid] = page
        return page

    def pending(self) -> Sequence[AuthorizationPage]:
        """Return what a phone could still scan or answer, newest first."""
        pages = reversed(self._pages.values())
        return [one for one in pages if self.status(one.uuid) in (WAITING, SCANNED)]

    def find(self, uuid: str) -> AuthorizationPage | None:
        """Return the page while the merchant can still decide."""
        undecided = self.status(uuid) in (WAITING, SCANNED)
        return self._pages[uuid] if undecided else None

    def status(self, uuid: str) -> str:
        """Return what has become of a page; an unknown one has expired."""
        page = self._pages.get(uuid)
        if page is None:
            return EXPIRED
        late = page.status != DONE and page.expires_at <= self._clock.now()
        return EXPIRED if late else page.status

    def back(self, uuid: str) -> str:
        """Return where the browser of a decided page goes, else an empty text."""
        page = self._pages.get(uuid)
        return "" if page is None else page.back
