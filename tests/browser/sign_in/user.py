"""A user with a browser, and with WeChat on a phone."""

from __future__ import annotations

import json
import re

from tests.support.chromium import IPHONE_WECHAT

ON_DESKTOP = {"locale": "en-US", "viewport": {"width": 1280, "height": 720}}
IN_WECHAT = {
    "locale": "en-US",
    "viewport": {"width": 360, "height": 740},
    # WeChat says which language it speaks, and that goes first.
    "user_agent": IPHONE_WECHAT.replace("Language/zh_CN", "Language/en"),
}
_STATUS = re.compile(r"the server responded with a status of (4\d\d|50[124])")


class User:
    """A browser of its own, and `tab`, its first one.

    `visited` is each address that this tab asked for, redirects included, and
    `complaints` what pages of all tabs said to a developer.
    """

    def __init__(self, browser, host, **looks):
        self.host, self.visited, self.complaints = host, [], []
        self.context = browser.new_context(**{**ON_DESKTOP, **looks})
        self.context.set_default_timeout(15_000)
        self.context.on("console", self._hear)
        self.context.on("weberror", self._hear_error)
        self.tab = self.context.new_page()
        self.tab.on("request", self._follow)

    def _follow(self, request):
        if request.is_navigation_request() and request.frame == self.tab.main_frame:
            self.visited.append(request.url)

    def callback(self):
        """Return the address at which the tab came back from WeChat last."""
        return [each for each in self.visited if "/oauth_callback/" in each][-1]

    def _hear(self, message):
        # Chromium says of an error page of ours, too, that it is one.
        if message.type in ("error", "warning") and not _STATUS.search(message.text):
            self.complaints.append(message.text)

    def _hear_error(self, error):
        self.complaints.append(str(error.error))

    def leave(self):
        """Close the browser."""
        self.context.close()

    def open(self, path, *, tab=None):
        """Open a path of the gateway, or an address."""
        url = path if "://" in path else f"{self.host.url}{path}"
        return (tab or self.tab).goto(url)

    def qr(self, tab=None):
        """Return the QR code's uuid, once the tab shows it."""
        tab = tab or self.tab
        is_wechats = tab.url.startswith(self.host.sandbox_url)
        place = tab if is_wechats else tab.frame_locator("iframe")
        picture = place.locator("img.js_qrcode_img")
        return picture.get_attribute("src").rpartition("/")[2]

    def in_frame(self, selector):
        """Return what matches within the QR code's frame."""
        return self.tab.frame_locator("iframe").locator(selector)

    def on_the_phone(self, deed, tab=None):
        """Scan, confirm or refuse what the tab shows."""
        uuid = self.qr(tab)
        self.host.sandbox("POST", f"/_sandbox/phone/{deed}", {"uuid": uuid})

    def agree(self, tab=None):
        """Agree on WeChat's consent sheet, and wait until it has gone."""
        self._answer("允许", tab or self.tab)

    def refuse(self):
        """Refuse there."""
        self._answer("拒绝", self.tab)

    def _answer(self, word, tab):
        sheet = tab.url
        tab.get_by_role("button", name=word).click()
        tab.wait_for_url(lambda seen: seen != sheet)

    def arrive(self, path, tab=None):
        """Wait until the tab is at a path of the gateway, or at an address."""
        url = path if "://" in path else f"{self.host.url}{path}"
        (tab or self.tab).wait_for_url(lambda seen: seen.startswith(url))

    @property
    def sentence(self):
        """Return the place of the sentence that the tab's error page says."""
        return self.tab.locator("main > p").first

    def told(self, tab=None):
        """Return the JSON that the tab shows; of our page the same for programs."""
        if (tab or self.tab).url.startswith(f"{self.host.url}/login/me"):
            return self.context.request.get(f"{self.host.url}/login/me").json()
        return json.loads((tab or self.tab).inner_text("body"))

    def is_signed_in(self):
        """Tell whether the gateway knows the user, by this browser's cookies."""
        answer = self.context.request.get(f"{self.host.url}/login/me")
        return answer.status == 200
