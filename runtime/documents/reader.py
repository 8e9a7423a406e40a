"""Reader of documents: from this process' memory, then Redis' copy, then the store.

10:00:00  A reads apps/wx1: Redis has no copy, so A reads the store and writes a copy.
10:00:01  B writes version 2 to the store, then replaces the copy.
10:00:02  A's memory of version 1 ends; A finds version 2 in Redis.
10:05:00  C writes version 3 and dies before it reaches Redis.
10:05:30  At the latest, one reader compares copy and store, and copies version 3.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from dataclasses import replace

from runtime.crypto.envelope import CannotOpen
from runtime.documents.memory import Document, DocumentMemory, Seen
from runtime.documents.redis_copies import DocumentCopies, DocumentCopy
from runtime.documents.secret_fields import SecretFields
from runtime.documents.store import DocumentStore, StoreAway
from runtime.errors import ServiceUnavailable
from runtime.state.single_flight import SingleFlight

log = logging.getLogger("gateway.documents")

SEARCH_SECONDS = 30.0
"""Longer than the timeouts of a store and of Redis together."""

READERS = 16
"""Threads that read from the store what Redis has no copies of."""

LOOKED_AT_AGAIN = 16
"""Most unreadable documents that each listing reads again, as they may be restored.

If there are more a master key is missing, and only a new process has another one.
"""

COMPARE_SECONDS = 0.2
"""Longest time that a comparison with an unreachable store delays a reader."""


class DocumentReader:
    """A reader of newest versions; threads that want the same one share one search."""

    def __init__(
        self,
        store: DocumentStore,
        fields: SecretFields,
        *,
        copies: DocumentCopies | None,
        memory: DocumentMemory,
        may_be_there: Callable[[str], bool],
        clock: Callable[[], float],
        compare_seconds: float = COMPARE_SECONDS,
    ) -> None:
        self._store = store
        self._fields = fields
        self._copies = copies
        self._memory = memory
        self._may_be_there = may_be_there
        self._clock = clock
        self._compare_seconds = compare_seconds
        self._searches: SingleFlight[Seen | None] = SingleFlight()

    def read(self, name: str) -> Document | None:
        """Return the newest version of `{kind}/{id}`, at most two seconds old.

        Without store and Redis it is the last one seen; OSError if there is none,
        UnreadableDocument if it is damaged.
        """
        if seen := self._memory.fresh(name):
            return seen.read(name)
        if self._memory.is_absent(name):
            return None
        search, is_first = self._searches.join(name)
        if not is_first:
            found = _result_of(search)
            return found.read(name) if found else None
        try:
            found, due = self._search(name)
            search.set_result(found)
        except BaseException as error:
            search.set_exception(error)
            raise
        finally:
            self._searches.finish(name, search)
        if found and due:
            found = self._compare(name, found)
        return found.read(name) if found else None

    def read_all(
        self, kind: str, versions: Mapping[str, int], *, asked_at: float
    ) -> dict[str, Seen]:
        """Return what a listing of that time names, by id, in its order.

        One look-up in Redis brings what is new to this process; only what Redis lacks
        is read from the store, and what was unreadable. OSError if the store does not
        give it.
        """
        found: dict[str, Seen] = {}
        wanted: dict[str, int] = {}
        again: list[str] = []
        for id_, version in versions.items():
            name = f"{kind}/{id_}"
            last = self._memory.last(name)
            if last and last.version == version:
                self._memory.remember(name, replace(last, asked_at=asked_at))
                found[id_] = last
                if last.unreadable and len(again) < LOOKED_AT_AGAIN:
                    again.append(id_)
            elif last and last.version > version and last.asked_at > asked_at:
                found[id_] = last  # written since
            else:
                if last and last.version > version:
                    self._drop(name, last.version)
                wanted[id_] = version
        copies = self._copies_of([f"{kind}/{id_}" for id_ in wanted])
        missing: list[str] = []
        for id_, version in wanted.items():
            name = f"{kind}/{id_}"
            copy = copies.get(name)
            if copy is None or copy.version < version:
                missing.append(id_)
                continue
            copied_at = asked_at if copy.version == version else self._clock()
            found[id_] = self._remember(name, copied_at, copy.version, copy.content)

        def read(id_: str) -> None:
            name = f"{kind}/{id_}"
            # Removed by hand meanwhile; what was unreadable stays so.
            with suppress(OSError if id_ in again else FileNotFoundError):
                stored = self._store.read(name, versions[id_])
                self._copy(self._copies, name, versions[id_], stored)
                found[id_] = self._remember(name, asked_at, versions[id_], stored)

        in_threads(read, [*missing, *again], threads=READERS)
        return {id_: found[id_] for id_ in versions if id_ in found}

    def look(self, name: str) -> None:
        """Take the newest version from the store now, and copy it to Redis."""
        self._from_store(name, copies=self._copies)

    def publish(self, name: str, version: int, stored: bytes) -> None:
        """Show a version that was just written to this process and all others."""
        self._remember(name, self._clock(), version, stored)
        self._copy(self._copies, name, version, stored)

    def _search(self, name: str) -> tuple[Seen | None, bool]:
        """Return what was found, and whether it is a copy due for a comparison."""
        asked_at, last, copies = self._clock(), self._memory.last(name), self._copies
        try:
            copy = copies.get(name) if copies else None
        except ServiceUnavailable:
            copy = copies = None
        if copy and not (last and last.version > copy.version):
            return self._remember(name, asked_at, copy.version, copy.content), copy.due
        try:
            # Anybody may ask for the id of an app or a client: without the listing,
            # which has it within two seconds, the store would be asked for each.
            found = None
            if not self._copies or self._may_be_there(name):
                found = self._from_store(name, copies=copies)
            if self._copies and found is None:
                self._memory.forget(name)
                self._memory.miss(name, asked_at)
            return found, False
        except OSError:
            if last is None:
                raise
            self._memory.extend(name, last)
            return last, False

    def _from_store(self, name: str, *, copies: DocumentCopies | None) -> Seen | None:
        asked_at = self._clock()
        versions = self._store.versions(name)
        if not versions:
            self._memory.forget(name)
            return None
        stored = self._store.read(name, versions[-1])
        self._copy(copies, name, versions[-1], stored)
        return self._remember(name, asked_at, versions[-1], stored)

    def _compare(self, name: str, seen: Seen) -> Seen | None:
        """Return the store's version; the copy's if the store does not answer soon."""
        newest: Future[Seen | None] = Future()

        def compare() -> None:
            try:
                newest.set_result(self._correct(name, seen))
            except Exception as error:
                log.warning("%s: not compared, %s", name, type(error).__name__)
                newest.set_result(seen)

        # A thread of its own can be left behind where the store does not answer. FC may
        # freeze it for good; the next comparison is half a minute away.
        threading.Thread(target=compare, daemon=True).start()
        try:
            return newest.result(self._compare_seconds)
        except FutureTimeout:
            return seen

    def _correct(self, name: str, seen: Seen) -> Seen | None:
        newest = (self._store.versions(name) or [0])[-1]
        if newest == seen.version:
            return seen
        if newest < seen.version:
            self._drop(name, seen.version)
        return self._from_store(name, copies=self._copies)

    def _drop(self, name: str, version: int) -> None:
        # The store was restored to an earlier state, and the store decides.
        if self._copies:
            with suppress(ServiceUnavailable):
                self._copies.drop(name, version)

    def _remember(
        self, name: str, asked_at: float, version: int, stored: bytes
    ) -> Seen:
        last, mark = self._memory.last(name), hash(stored)
        if last and (last.version, last.mark) == (version, mark):
            seen = replace(last, asked_at=asked_at)
        else:
            seen = self._opened(name, asked_at, version, stored)
        self._memory.remember(name, seen)
        return seen

    def _opened(self, name: str, asked_at: float, version: int, stored: bytes) -> Seen:
        document, unreadable = None, False
        try:
            content = self._fields.open(name, stored)
        except (CannotOpen, ValueError, TypeError, AttributeError, RecursionError):
            log.warning("%s: version %d cannot be read", name, version)
            unreadable = True
        else:
            document = None if content is None else Document(version, content)
        return Seen(asked_at, version, document, unreadable, hash(stored))

    def _copy(
        self, copies: DocumentCopies | None, name: str, version: int, stored: bytes
    ) -> None:
        if copies:
            with suppress(ServiceUnavailable):
                copies.put(name, version, stored)

    def _copies_of(self, names: list[str]) -> dict[str, DocumentCopy]:
        if self._copies and names:
            with suppress(ServiceUnavailable):
                return self._copies.get_all(names)
        return {}


def _result_of(search: Future[Seen | None]) -> Seen | None:
    try:
        return search.result(SEARCH_SECONDS)
    except FutureTimeout:
        raise StoreAway("the search for the document took too long") from None


def in_threads(
    call: Callable[[str], None], items: Sequence[str], *, threads: int
) -> None:
    """Call for each item, in threads that nobody has to wait for at the end.

    The first OSError ends it and is raised.
    """
    left, faults = deque(items), deque[OSError]()

    def work() -> None:
        with suppress(IndexError):
            while not faults:
                item = left.popleft()
                try:
                    call(item)
                except OSError as error:
                    faults.append(error)

    running = [
        threading.Thread(target=work, daemon=True)
        for _ in range(min(threads, len(items)))
    ]
    for each in running:
        each.start()
    for each in running:
        each.join()
    if faults:
        raise faults[0]
