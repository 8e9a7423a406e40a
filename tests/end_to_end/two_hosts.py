"""Two hosts behind one URL, on one Redis and one config: requests take turns."""

from __future__ import annotations

from itertools import cycle

import urllib3

from runtime.gateway import Gateway
from runtime.registry.client_secrets import hash_secret
from runtime.settings import settings_from
from tests.support.client_sign_in import BACK
from tests.support.gateway_environ import make_environ
from tests.support.local_hosts import LocalHost
from tests.support.ports import free_port
from tests.support.rsa_keys import oidc_key, private_key

SECRET = "demo_" + "1" * 32


class TwoHosts:
    """Two running hosts; `url` is the public URL that both are configured with.

    Nobody listens there: each request goes to the host whose turn it is.
    """

    def __init__(self, folder, redis_url, developer_host):
        self.url, self.sandbox_url = (
            f"http://127.0.0.1:{free_port()}",
            developer_host.sandbox_url,
        )
        names = ("WECHAT_API_URL", "WECHAT_OPEN_URL")
        environment = make_environ(
            folder,
            redis_url,
            PUBLIC_BASE_URL=self.url,
            OIDC_KEY=oidc_key({1: private_key()}),
            **dict.fromkeys(names, developer_host.sandbox_url),
        )
        self._register(Gateway(settings_from(environment)).documents, developer_host)
        self.hosts = []
        for name in "ab":
            (folder / name).mkdir()
            host = LocalHost(folder / name, "--port=0", environment=environment)
            self.hosts.append(host)
        self._turns = cycle(self.hosts)
        self._web = urllib3.PoolManager(retries=False, timeout=20)
        self.http = self  # as a visitor asks for it

    def __enter__(self):
        for each in self.hosts:
            each.__enter__()
        return self

    def __exit__(self, *_):
        self._web.clear()
        for each in self.hosts:
            each.__exit__()

    def request(self, method, url, *, host=None, **more):
        """Ask the host whose turn it is, or the one that is named."""
        if url.startswith(self.url):
            url = url.replace(self.url, (host or next(self._turns)).url, 1)
        return self._web.request(method, url, **{"redirect": False, **more})

    def _register(self, documents, developer_host):
        apps = [developer_host.app(kind) for kind in ("service", "website")]
        for app in apps:
            fields = {
                "kind": app["kind"],
                "secret": app["secret"],
                "subject": "unionid",
            }
            documents.write("apps", app["appid"], fields, after=0)
        client = {
            "name": "Demo",
            "scopes": {app["appid"]: [] for app in apps},
            "secret_hashes": [hash_secret(SECRET)],
            "redirect_uris": [BACK],
        }
        documents.write("clients", "demo", client, after=0)
