"""A process with custody that tests start, order, stop and kill.

It reads one JSON order from a line and answers one JSON line:

    {"get": [appid, ...], "use": bool, "reject": value}   a thread for each: get its
                                         token, after rejecting a value, maybe use it
    {"load": seconds, "threads": n, "apps": [...]}   get and use over and over
    {"halt": "before" | "asked" | "answered" | "committed"}   stop there in the next
                                         fetch, say so on a line, and wait for SIGUSR1
"""

from __future__ import annotations

import json
import signal
import sys
import threading
import time

from runtime.custody import lease_scripts
from runtime.custody.custody import Custody
from runtime.custody.protocol import Pace
from runtime.errors import GatewayError, WeChatUnavailable
from runtime.registry.models import App
from runtime.state.redis_clients import connect
from runtime.state.redis_store import RedisStore
from runtime.upstream.transport import pooled_transport
from runtime.wechat.api import REJECTED_TOKEN, WeChat
from runtime.wechat.credentials import RealTokenSource

SECRET = "f" * 32


class HaltingSource:
    """A source that may stop before and after each fetch."""

    def __init__(self, source, stop_at):
        self.name, self.revision = source.name, source.revision
        self.retires, self.repeats = source.retires, source.repeats
        self._source = source
        self._stop_at = stop_at

    def fetch(self, *, force):
        self._stop_at("before")
        value = self._source.fetch(force=force)
        self._stop_at("answered")
        return value


class HaltingStore(RedisStore):
    """Redis, after whose commits the process may stop."""

    def __init__(self, connect, stop_at):
        super().__init__(connect)
        self._stop_at = stop_at

    def run(self, script, keys, arguments, **options):
        reply = super().run(script, keys, arguments, **options)
        if script == lease_scripts.COMMIT:
            self._stop_at("committed")
        return reply


class Worker:
    """Custody as one process has it, with WeChat's API behind it."""

    def __init__(self, redis_url, wechat_url, mode, lease):
        self._halt = None
        self._release = threading.Event()
        signal.signal(signal.SIGUSR1, lambda *_: self._release.set())
        self._wechat = WeChat(wechat_url, self._transport, seconds=5)
        self._send = pooled_transport()
        self._mode = mode
        store = HaltingStore(lambda: connect(redis_url), self._stop_at)
        self._custody = Custody(store, pace=Pace(lease=float(lease)))

    def obey(self, order):
        if "halt" in order:
            self._halt = order["halt"]
            return {"halting": order["halt"]}
        if "load" in order:
            return self._load(**order)
        results = [None] * len(order["get"])
        threads = [
            threading.Thread(target=self._one, args=(results, place, appid, order))
            for place, appid in enumerate(order["get"])
        ]
        for each in threads:
            each.start()
        for each in threads:
            # A signal is handled only when the main thread wakes up.
            while each.is_alive():
                each.join(0.02)
        return {"results": results}

    def _one(self, results, place, appid, order):
        began = time.perf_counter()
        source = self._source(appid)
        try:
            if "reject" in order:
                self._custody.reject(source, order["reject"])
            value = self._custody.get(source).value
            errcode = self._use(value) if order.get("use") else 0
        except GatewayError as error:
            value, errcode = type(error).__name__, error.errcode
        results[place] = [value, errcode, time.perf_counter() - began]

    def _load(self, load, threads, apps):
        until = time.monotonic() + load
        told = {"calls": 0, "rejected": 0, "unavailable": 0, "longest": 0.0}
        lock = threading.Lock()

        def run(number):
            while time.monotonic() < until:
                results = [None]
                self._one(results, 0, apps[number % len(apps)], {"use": True})
                value, errcode, seconds = results[0]
                with lock:
                    told["calls"] += 1
                    told["rejected"] += errcode in REJECTED_TOKEN
                    told["unavailable"] += value.endswith(("Unavailable", "Timeout"))
                    told["longest"] = max(told["longest"], seconds)
                if errcode in REJECTED_TOKEN:
                    self._custody.reject(self._source(apps[number % len(apps)]), value)
                time.sleep(0.005)

        workers = [threading.Thread(target=run, args=(n,)) for n in range(threads)]
        for each in workers:
            each.start()
        for each in workers:
            each.join()
        return told

    def _source(self, appid):
        app = App(appid, "service", SECRET, token_mode=self._mode)
        return HaltingSource(RealTokenSource(app, self._wechat), self._stop_at)

    def _use(self, value):
        target = f"/cgi-bin/get_api_domain_ip?access_token={value}"
        try:
            return self._wechat.send("GET", target).errcode
        except WeChatUnavailable:
            return -1

    def _transport(self, method, url, **more):
        if "token" in url.partition("?")[0].rpartition("/")[2]:
            self._stop_at("asked")
        return self._send(method, url, **more)

    def _stop_at(self, step):
        if self._halt == step:
            self._halt = None
            print(json.dumps({"halted": step}), flush=True)
            self._release.wait(60)


def main():
    worker = Worker(*sys.argv[1:])
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        print(json.dumps(worker.obey(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
