"""A process that fetches an account's token, and kills itself at a step of it.

Arguments: the account's appid, and where to die: `answered` before anything is stored,
`pending` with the refresh token in Redis alone, `written` with the document written,
`never`. Prints the token's SHA-256.
"""

from __future__ import annotations

import hashlib
import os
import signal
import sys

from runtime.gateway import Gateway
from runtime.registry.authorizers import Authorizers
from runtime.settings import settings_from
from runtime.wechat.component_tokens import PendingRefreshTokens


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def main(appid, where):
    put, change = PendingRefreshTokens.put, Authorizers.change

    def putting(self, *arguments):
        if where == "answered":
            die()
        put(self, *arguments)

    def changing(self, *arguments):
        if where == "pending":
            die()
        found = change(self, *arguments)
        if where == "written":
            die()
        return found

    PendingRefreshTokens.put, Authorizers.change = putting, changing
    gateway = Gateway(settings_from(os.environ))
    token = gateway.calls.real_token(gateway.registry.app(appid))
    sys.stdout.write(hashlib.sha256(token.value.encode()).hexdigest())


if __name__ == "__main__":
    main(*sys.argv[1:])
