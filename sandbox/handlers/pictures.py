"""Pictures of users, as thirdwx.qlogo.cn serves them."""

from __future__ import annotations

from sandbox.avatar import SIZES, draw
from sandbox.handlers.pages import PageHandler


class AvatarHandler(PageHandler):
    """The last part of the path is the size."""

    def get(self, name: str, size: str) -> None:
        if size not in SIZES:
            self.set_status(404)
            return
        self.set_header("Content-Type", "image/png")
        self.write(draw(name, size=SIZES[size]))
