"""The brand of a client on its pages: colour, icon, and links to its terms."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.pages.safe_urls import link, picture
from runtime.web.color_contrast import COLOR, contrast

_TEXTS = ("#ffffff", "#000000")


@dataclass(frozen=True, slots=True)
class Brand:
    """Looks of a client's pages, those that are valid.

    `colors` are one colour, or one for light and one for dark screens. `favicon` is a
    data: URI, `terms` and `privacy` are URLs.
    """

    colors: tuple[str, ...] = ()
    favicon: str = ""
    terms: str = ""
    privacy: str = ""

    @property
    def css(self) -> str:
        """Return the rules that follow the style sheet, "" without colours."""
        known = [each for each in self.colors if COLOR.fullmatch(each)]
        if not known or len(known) != len(self.colors):
            return ""
        light, dark = _variables(known[0]), _variables(known[-1])
        return (
            f":root {{ {light} }}\n"
            f"@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"
        )

    @property
    def names(self) -> dict[str, str | None]:
        """Return what the templates show of it."""
        return {
            "favicon": picture(self.favicon) or "data:,",
            "terms": link(self.terms),
            "privacy": link(self.privacy),
        }


NO_BRAND = Brand()


def _variables(color: str) -> str:
    text = max(_TEXTS, key=lambda each: contrast(color, each))
    return f"--accent: {color}; --accent-text: {text};"
