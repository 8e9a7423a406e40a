"""Tags of one account, and the followers who have them."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.errors import WeChatError

# The platform's own; the account can neither make nor change one of them.
SYSTEM_TAGS = {2: "星标组"}
SYSTEM_IDS = (0, 1, 2)
FIRST_ID = 100

# Not confirmed by the platform's documents: bytes of a name, tags of an account,
# tags of a follower, followers of a tag that may still be deleted.
NAME_BYTES = 30
MOST_TAGS = 100
MOST_TAGS_OF_ONE = 20
MOST_FANS_TO_DELETE = 100_000


class Tags:
    """Names and members by tag id, in the order they were made."""

    def __init__(self) -> None:
        self._names: dict[int, str] = dict(SYSTEM_TAGS)
        # Members are keys of a dict: a set that remembers its order.
        self._members: dict[int, dict[str, None]] = {tagid: {} for tagid in SYSTEM_TAGS}
        self._next_id = FIRST_ID

    def create(self, name: str) -> int:
        """Return a new tag's id; 45056 too many, 45157 and 45158 for the name."""
        if len(self._names) - len(SYSTEM_TAGS) >= MOST_TAGS:
            raise WeChatError(45056)
        self._check_name(name)
        tagid, self._next_id = self._next_id, self._next_id + 1
        self._names[tagid], self._members[tagid] = name, {}
        return tagid

    def rename(self, tagid: int, *, name: str) -> None:
        """Give a tag another name; 45058 for a system tag, 45159 for none."""
        self._check_own(tagid)
        if self._names[tagid] != name:
            self._check_name(name)
        self._names[tagid] = name

    def delete(self, tagid: int) -> None:
        """Take a tag from the account and its members; 45057 if they are too many."""
        self._check_own(tagid)
        if len(self._members[tagid]) > MOST_FANS_TO_DELETE:
            raise WeChatError(45057)
        del self._names[tagid], self._members[tagid]

    def listing(self) -> list[tuple[int, str, int]]:
        """Return id, name and number of members of every tag."""
        members = self._members
        return [
            (tagid, name, len(members[tagid])) for tagid, name in self._names.items()
        ]

    def members(self, tagid: int) -> list[str]:
        """Return the openids that carry the tag, the longest first; 45159 for none."""
        self._check(tagid)
        return list(self._members[tagid])

    def of(self, openid: str) -> list[int]:
        """Return the ids of the tags that one openid carries."""
        return [tagid for tagid, fans in self._members.items() if openid in fans]

    def put(self, tagid: int, *, openids: Iterable[str]) -> None:
        """Tag all of them or, with 45059 for one that carries too many, none."""
        self._check(tagid)
        new = [openid for openid in openids if openid not in self._members[tagid]]
        if any(len(self.of(openid)) >= MOST_TAGS_OF_ONE for openid in new):
            raise WeChatError(45059)
        self._members[tagid].update(dict.fromkeys(new))

    def take(self, tagid: int, *, openids: Iterable[str]) -> None:
        """Untag them; one that does not carry the tag is no error."""
        self._check(tagid)
        for openid in openids:
            self._members[tagid].pop(openid, None)

    def _check(self, tagid: int) -> None:
        if tagid not in self._names:
            raise WeChatError(45159)

    def _check_own(self, tagid: int) -> None:
        if tagid in SYSTEM_IDS:
            raise WeChatError(45058)
        self._check(tagid)

    def _check_name(self, name: str) -> None:
        if not name or name in self._names.values():
            raise WeChatError(45157)
        if len(name.encode()) > NAME_BYTES:
            raise WeChatError(45158)
