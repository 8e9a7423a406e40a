"""A folder of documents that counts what it is asked for, and may be away."""

from __future__ import annotations

from runtime.documents.folder import FolderStore
from runtime.documents.store import StoreAway


class WatchedStore(FolderStore):
    """The real folder; `listed` has the kinds that were listed, `asked` the names."""

    def __init__(self, root):
        super().__init__(root)
        self.away = False
        self.listed, self.asked = [], []

    def chains(self, kind):
        self.listed.append(kind)
        return super().chains(kind)

    def versions(self, name):
        self.asked.append(name)
        if self.away:
            raise StoreAway("ListObjects: ConnectTimeoutError")
        return super().versions(name)
