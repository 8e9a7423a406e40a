"""The checks of axe-core, unmodified from npm, on a page that Chromium shows."""

from __future__ import annotations

from contextlib import contextmanager

from tests.support.sdk_cache import installed

BUNDLE = "node_modules/axe-core/axe.min.js"
SCHEMES = ("light", "dark")
_RUN = """() => axe.run(document, { iframes: false }).then((found) =>
  found.violations.flatMap((rule) => rule.nodes.map((node) =>
    [rule.id, node.target.join(' '), node.html.slice(0, 200)])))"""


class Checker:
    """A tab of its own; our pages allow no script, so their policy is bypassed."""

    def __init__(self, context):
        self.page = context.new_page()
        self._script = (installed("node_modules").parent / BUNDLE).read_text("utf-8")

    def violations(self, url, *, is_error=False):
        """Open an address; return rule, place and HTML of each violation."""
        answer = self.page.goto(url)
        assert answer.ok or is_error, f"{url}: {answer.status}"
        return self.of_this_page()

    def of_this_page(self):
        """Return those of what is open."""
        self.page.evaluate(self._script)
        return self.page.evaluate(_RUN)


@contextmanager
def checker(browser, scheme, **looks):
    """Give a checker in this colour scheme."""
    context = browser.new_context(bypass_csp=True, color_scheme=scheme, **looks)
    try:
        yield Checker(context)
    finally:
        context.close()
