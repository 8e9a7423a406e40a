"""More connections than the process may have open files."""

from contextlib import ExitStack

from tests.support.local_hosts import SITE, LocalHost, eventually

FEW_FILES = ("sh", "-c", 'ulimit -n 256; exec "$@"', "sh")
OPTIONS = ("--port=0", f"--template={SITE}", "--timeouts=false")
GET = b"GET /answers/%s HTTP/1.1\r\nHost: a\r\n\r\n"


def test_the_oldest_idle_connection_makes_room(tmp_path):
    """Of 300 idle ones the oldest are closed, and a new visitor is served.

    The log has a line or two about it. What waits for an answer is not idle.
    """
    with LocalHost(tmp_path, *OPTIONS, before=FEW_FILES) as host, ExitStack() as stack:
        working = stack.enter_context(host.connect())
        working.sendall(GET % b"held")
        eventually(lambda: "a held answer is under way" in host.log())
        idle = [stack.enter_context(host.connect()) for _ in range(300)]
        assert b"plain" == host.get("/answers/tag").data
        assert b"" == idle[0].recv(1)  # closed
        idle[-1].sendall(GET % b"tag")
        assert idle[-1].recv(65536).endswith(b"plain")
        (tmp_path / "release").touch()
        assert working.recv(65536).endswith(b"plain")

        assert len(host.log().splitlines()) < 20


def test_who_sends_half_a_head_is_idle(tmp_path):
    """Such connections take no room from a visitor."""
    options = (*OPTIONS, "--max_connections=8")
    with LocalHost(tmp_path, *options) as host, ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(host.connect()).sendall(
                b"GET /answers/tag HTTP/1.1\r\n"
            )
        assert b"plain" == host.get("/answers/tag").data


def test_without_an_idle_one_a_new_connection_is_refused(tmp_path):
    """The ones that wait for an answer get it."""
    options = (*OPTIONS, "--max_connections=4")
    with LocalHost(tmp_path, *options) as host, ExitStack() as stack:
        working = [stack.enter_context(host.connect()) for _ in range(4)]
        for each in working:
            each.sendall(GET % b"held")
        eventually(lambda: host.log().count("a held answer is under way") == 4)
        assert b"" == stack.enter_context(host.connect()).recv(1)
        (tmp_path / "release").touch()

        assert all(each.recv(65536).endswith(b"plain") for each in working)
