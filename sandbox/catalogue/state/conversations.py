"""Conversations of one account: it may write to a user for 48 hours after an action."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.errors import WeChatError

WINDOW = 48 * 3600

# How many messages may follow each kind of action, how long "typing" shows and how
# recent a message must be for it: not confirmed by the platform's documents.
MESSAGES_AFTER = {"message": 5, "menu": 3, "follow": 3, "scan": 3, "pay": 5}
TYPING_SECONDS = 15
RECENT = 30


@dataclass(slots=True)
class Conversation:
    """The last events between the account and one user, as Unix times."""

    acted_at: float
    left: int
    spoke_at: float
    typing_until: float = 0.0


class Conversations:
    """One conversation by openid, begun by the user, never by the account."""

    def __init__(self) -> None:
        self._by_openid: dict[str, Conversation] = {}

    def note(self, openid: str, *, action: str, now: float) -> None:
        """Record what a user did, which may only allow more messages.

        KeyError for no such kind of action.
        """
        before = self._by_openid.get(openid, Conversation(now, 0, -RECENT))
        left = max(MESSAGES_AFTER[action], before.left)
        spoke_at = now if action == "message" else before.spoke_at
        self._by_openid[openid] = Conversation(now, left, spoke_at)

    def close(self, openid: str) -> None:
        """Remove a user who no longer follows."""
        self._by_openid.pop(openid, None)

    def check(self, openid: str, *, now: float) -> Conversation:
        """Return the open conversation; 45015 if closed, 45047 if used up."""
        conversation = self._by_openid.get(openid)
        if conversation is None or now >= conversation.acted_at + WINDOW:
            raise WeChatError(45015)
        if conversation.left <= 0:
            raise WeChatError(45047)
        return conversation

    def say(self, openid: str, *, now: float) -> None:
        """Count one message to that user; errors as in `check`."""
        conversation = self.check(openid, now=now)
        conversation.left -= 1
        conversation.spoke_at, conversation.typing_until = now, 0.0

    def type(self, openid: str, *, now: float) -> None:
        """Show "typing"; 45080 if nobody spoke just now, 45081 if it shows already."""
        conversation = self._by_openid.get(openid)
        if conversation is None or now >= conversation.spoke_at + RECENT:
            raise WeChatError(45080)
        if now < conversation.typing_until:
            raise WeChatError(45081)
        conversation.typing_until = now + TYPING_SECONDS

    def stop_typing(self, openid: str) -> None:
        """Show it no longer; no error if it did not show."""
        if openid in self._by_openid:
            self._by_openid[openid].typing_until = 0.0
