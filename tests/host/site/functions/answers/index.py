"""Answers in a way that the path names."""

import os
import pathlib
import threading
import time

released = threading.Event()


def handler(environ, start_response):
    name = environ["PATH_INFO"].rpartition("/")[2]
    return globals()[name](environ, start_response)


def cookies(environ, start_response):
    pairs = [("Set-Cookie", "a=1"), ("X-Other", "o"), ("Set-Cookie", "b=2")]
    start_response("200 OK", pairs)
    return [b"two cookies"]


def reserved(environ, start_response):
    pairs = [
        ("Connection", "close"),
        ("Content-Length", "99"),
        ("Date", "yesterday"),
        ("Keep-Alive", "timeout=5"),
        ("Server", "mine"),
        ("X-Fc-Request-Id", "mine"),
        ("X-Kept", "kept"),
    ]
    start_response("200 OK", pairs)
    return [b"reserved"]


def largest(environ, start_response):
    start_response("200 OK", [])
    return [bytes(6 * 1024 * 1024)]


def too_large(environ, start_response):
    start_response("200 OK", [])
    return [bytes(6 * 1024 * 1024 + 1)]


def parts(environ, start_response):
    """Comes in as many parts of 1 MB as the query says, and says when it ends."""
    pairs = [("Content-Disposition", 'attachment; filename="a.zip"')]
    start_response("200 OK", pairs)
    try:
        for _ in range(int(environ["QUERY_STRING"])):
            yield bytes(1024 * 1024)
    finally:
        print("the parts are at an end", file=environ["wsgi.errors"], flush=True)


def parts_of_known_length(environ, start_response):
    start_response("200 OK", [("Content-Length", "6")])
    return iter([b"abc", b"def"])


def parts_that_fail(environ, start_response):
    start_response("200 OK", [])
    yield b"begin"
    raise ValueError("the-secret-in-the-text")


def fails(environ, start_response):
    raise ValueError("the-secret-in-the-text")


def leaves(environ, start_response):
    raise SystemExit(3)


def fails_at_length(environ, start_response):
    """Its entry in the log is longer than a pipe takes at once."""
    text = environ["QUERY_STRING"] * 20_000
    raise ValueError(f"begin {text} end")


def silent(environ, start_response):
    return [b"no start"]


def no_content(environ, start_response):
    start_response("204 No Content", [])
    return [b""]


def tag(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"plain"]


def process(environ, start_response):
    """Says which process answers, after a moment in which another may take the next."""
    threading.Event().wait(0.02)
    start_response("200 OK", [])
    return [str(os.getpid()).encode()]


def held(environ, start_response):
    """Waits until a test has made the file `release`, and says when it begins."""
    print("a held answer is under way", file=environ["wsgi.errors"], flush=True)
    deadline = time.monotonic() + 60
    while not pathlib.Path("release").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    return tag(environ, start_response)


def counted(environ, start_response):
    """Says that it was called."""
    print("a write has happened", file=environ["wsgi.errors"], flush=True)
    return tag(environ, start_response)


def hangs(environ, start_response):
    released.wait(20)
    return tag(environ, start_response)


def slow(environ, start_response):
    """Takes as long as the query says, in seconds."""
    threading.Event().wait(float(environ["QUERY_STRING"]))
    return tag(environ, start_response)
