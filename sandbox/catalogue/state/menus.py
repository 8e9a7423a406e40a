"""Menus of one account: the default one, and those for some followers only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sandbox.errors import WeChatError

Button = Mapping[str, Any]

# Not confirmed by the platform's documents.
MOST_CONDITIONAL = 100
MOST_CONDITIONAL_DOMAINS = 3


@dataclass(frozen=True, slots=True)
class Menu:
    """One menu; the default one has no match rule."""

    menuid: int
    button: Sequence[Button]
    matchrule: Mapping[str, str] | None = None

    def fits(self, tags: Sequence[int], platform: str | None) -> bool:
        """Tell whether a follower with these tags, on that platform, sees it."""
        rule = self.matchrule or {}
        has_tag = "tag_id" not in rule or int(rule["tag_id"]) in tags
        on_platform = rule.get("client_platform_type") in (None, platform)
        return has_tag and on_platform

    def domains(self) -> set[str | None]:
        """Return the hosts its buttons lead to."""
        urls = (button["url"] for button in leaves(self.button) if "url" in button)
        return {urlsplit(url).hostname for url in urls}


class Menus:
    """The default menu and, over it, the conditional ones."""

    def __init__(self) -> None:
        self.default: Menu | None = None
        self.conditional: list[Menu] = []

    def create(self, menu: Menu) -> None:
        """Replace the default menu; the conditional ones stay."""
        self.default = menu

    def existing(self) -> Menu:
        """Return the default menu; 46003 if there is none."""
        if self.default is None:
            raise WeChatError(46003)
        return self.default

    def delete(self) -> None:
        """Remove all menus, the conditional ones with the default one."""
        self.default, self.conditional = None, []

    def add_conditional(self, menu: Menu) -> None:
        """Add one; 65303 without a default menu, 65305 and 65316 when too many."""
        if self.default is None:
            raise WeChatError(65303)
        if len(self.conditional) >= MOST_CONDITIONAL:
            raise WeChatError(65305)
        menus = [*self.conditional, menu]
        if len(set().union(*map(Menu.domains, menus))) > MOST_CONDITIONAL_DOMAINS:
            raise WeChatError(65316)
        self.conditional = menus

    def remove_conditional(self, menuid: str) -> None:
        """Remove one; 65301 if that is the default menu or none."""
        left = [menu for menu in self.conditional if str(menu.menuid) != menuid]
        if len(left) == len(self.conditional):
            raise WeChatError(65301)
        self.conditional = left

    def match(self, *, tags: Sequence[int], platform: str | None) -> Menu:
        """Return what such a follower sees: the newest that fits, or the default."""
        for menu in reversed(self.conditional):
            if menu.fits(tags, platform):
                return menu
        return self.existing()

    def uses(self, media_id: str) -> bool:
        """Tell whether a button of some menu shows that material."""
        menus = [*self.conditional, *filter(None, [self.default])]
        buttons = (button for menu in menus for button in leaves(menu.button))
        return any(button.get("media_id") == media_id for button in buttons)


def leaves(buttons: Sequence[Button]) -> list[Button]:
    """Return the buttons that do something: those without sub-buttons."""
    nested = (button.get("sub_button") or [button] for button in buttons)
    return [leaf for group in nested for leaf in group]
