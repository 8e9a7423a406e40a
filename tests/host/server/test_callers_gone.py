"""Callers who hang up before their call begins."""

from tests.support.local_hosts import SITE, HeldRequest, LocalHost, eventually

QUEUED = 96
WRITE = b"POST /answers/counted HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab"


def test_a_call_whose_caller_has_gone_is_not_begun(tmp_path):
    """Of those that wait for a thread only the ones with a caller reach the function.

    The access log shows the others with a status of their own.
    """
    options = ("--port=0", f"--template={SITE}", "--threads=1", "--timeouts=false")
    with LocalHost(tmp_path, *options) as host:
        held = HeldRequest(host)
        queued = [host.connect() for _ in range(QUEUED)]
        for each in queued:
            each.sendall(WRITE)
        with host.connect() as patient:
            patient.sendall(WRITE)
            for each in queued:
                each.close()
            host.get("/echo")  # the host has seen what came before
            held.release()
            assert b"200 OK" in patient.recv(65536)
        held.wait()
        eventually(lambda: host.log().count("counted 499 ") == QUEUED)

        assert 1 == host.log().count("a write has happened")
