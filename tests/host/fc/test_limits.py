"""Limits of a request and its answer, over real sockets."""

import hashlib

import pytest

MB = 1024 * 1024


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="none"),
        pytest.param(b"\0\xff" * 1000, id="binary"),
        pytest.param(bytes(32 * MB), id="the largest"),
    ],
)
def test_a_body_arrives_byte_by_byte(site, body):
    """The function gets the body unchanged, whatever its content type."""
    answer = site.request(
        "POST", "/echo", body=body, headers={"Content-Type": "multipart/form-data"}
    )
    expected = {"size": len(body), "sha256": hashlib.sha256(body).hexdigest()}

    assert (expected, "multipart/form-data", str(len(body))) == (
        answer.json()["body"],
        answer.json()["CONTENT_TYPE"],
        answer.json()["CONTENT_LENGTH"],
    )


def test_a_chunked_body_has_a_length(site):
    """FC buffers a chunked body, so the function always gets a length."""
    answer = site.request("POST", "/echo", body=iter([b"ab", b"c"]), chunked=True)

    assert (3, "3") == (answer.json()["body"]["size"], answer.json()["CONTENT_LENGTH"])


def test_a_body_too_large_is_refused(site):
    """A body above FC's limit of 32 MB is refused with a message."""
    answer = site.request("POST", "/echo", body=bytes(32 * MB + 1))

    assert (400, "FcCommonError") == (
        answer.status,
        answer.headers["X-Fc-Error-Type"],
    )
    assert answer.json() == {
        "ErrorCode": "InvalidArgument",
        "ErrorMessage": "body: more than 33554432 bytes",
    }


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        pytest.param("/echo?" + "a" * 4090, {}, 200, id="address of 4 KB"),
        pytest.param("/echo?" + "a" * 4091, {}, 400, id="address beyond"),
        pytest.param("/echo", {"a": "a" * 8000}, 200, id="headers below 8 KB"),
        pytest.param("/echo", {"a": "a" * 8192}, 400, id="headers beyond"),
    ],
)
def test_a_head_too_large_is_refused(site, path, headers, status):
    """The limits are 4 KB for path and query, and 8 KB for headers."""
    assert status == site.get(path, **headers).status


def test_the_largest_answer_goes_out(site):
    """An answer of 6 MB, FC's limit, is sent."""
    assert 6 * MB == len(site.get("/answers/largest").data)
