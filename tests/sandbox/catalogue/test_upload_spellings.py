"""Spellings of an upload: what clients send, and what WeChat does not understand."""

import pytest

UPLOAD = "/cgi-bin/media/upload"
MATERIAL = "/cgi-bin/material/add_material"
JPEG = b"\xff\xd8\xff\xe0" + b"\0\r\n--\n" + b"\xff\xd9"
MEDIA = 'form-data; name="media"; filename="a.jpg"'
TYPE = "Content-Type: image/jpeg"


def body_of(*parts, boundary="b-0", before=b"", end="\r\n", closing="--", after="\r\n"):
    """Return a multipart body of head lines and content."""
    out = before
    for lines, content in parts:
        head = end.join([f"--{boundary}", *lines, "", ""])
        out += head.encode() + content + end.encode()
    return out + f"--{boundary}{closing}{after}".encode()


def file(disposition=MEDIA, content=JPEG):
    return [f"Content-Disposition: {disposition}", TYPE], content


def field(name, value):
    return [f'Content-Disposition: form-data; name="{name}"'], value.encode()


@pytest.fixture
def upload(account):
    """Post a body; return its errcode, 0 for an upload that was taken."""

    def run(body, kind="multipart/form-data; boundary=b-0", path=UPLOAD, **query):
        query = {"access_token": account.token, **query}
        headers = {"Content-Type": kind}
        reply = account.sandbox.call("POST", path, query, body=body, headers=headers)
        return reply.json().get("errcode", 0)

    return run


TAKEN = {
    "urllib3, requests": (body_of(file()), "multipart/form-data; boundary=b-0"),
    "Go": (body_of(file()), "multipart/form-data; boundary=b-0"),
    ".NET": (body_of(file()), 'multipart/form-data; boundary="b-0"'),
    "Senparc: a line end in front": (
        body_of(file(), before=b"\r\n"),
        "multipart/form-data; boundary=b-0",
    ),
    "a preamble": (
        body_of(file(), before=b"x\r\n"),
        "multipart/form-data;boundary=b-0",
    ),
    "nothing behind the end": (
        body_of(file(), after=""),
        "multipart/form-data; boundary=b-0",
    ),
    "lines of LF": (body_of(file(), end="\n"), "multipart/form-data; boundary=b-0"),
    "Apache HttpClient: a charset in front": (
        body_of(file()),
        "multipart/form-data; charset=UTF-8; boundary=b-0",
    ),
    "a charset behind": (
        body_of(file()),
        "multipart/form-data; boundary=b-0; charset=UTF-8",
    ),
    "other cases": (body_of(file()), "Multipart/Form-Data; Boundary=b-0"),
    "Java mail: a boundary of signs": (
        body_of(file(), boundary="----=_Part_0;1"),
        'multipart/form-data; boundary="----=_Part_0;1"',
    ),
    "curl: names in octal": (
        body_of(file('form-data; name="media"; filename="\\344\\271\\246.jpg"')),
        "multipart/form-data; boundary=b-0",
    ),
    "browsers: raw UTF-8": (
        body_of(file('form-data; name="media"; filename="书.jpg"')),
        "multipart/form-data; boundary=b-0",
    ),
    "silenceper: the whole path": (
        body_of(file('form-data; name="media"; filename="/tmp/a.b/c.jpg"')),
        "multipart/form-data; boundary=b-0",
    ),
    "both names": (
        body_of(file(f"{MEDIA}; filename*=utf-8''%E4%B9%A6.jpg")),
        "multipart/form-data; boundary=b-0",
    ),
    "no quotes": (
        body_of(file("form-data; name=media; filename=a.jpg")),
        "multipart/form-data; boundary=b-0",
    ),
}


@pytest.mark.parametrize(("body", "kind"), TAKEN.values(), ids=TAKEN)
def test_what_is_taken(upload, body, kind):
    """With the type in the query."""
    assert upload(body, kind, type="image") == 0


@pytest.mark.parametrize("path", [UPLOAD, MATERIAL])
@pytest.mark.parametrize("order", [1, -1])
def test_the_type_in_the_form(upload, path, order):
    """As EasyWeChat 4 and 5 send it, before or behind the file."""
    parts = [file(), field("type", "image")][::order]

    assert upload(body_of(*parts), path=path) == 0
    assert upload(body_of(file(), field("type", "wave")), path=path) == 40004
    assert upload(body_of(file(), field("type", "voice")), path=path) == 40005
    assert upload(body_of(file()), path=path) == 40004


def test_the_querys_type_counts_first(upload):
    """Where both have one."""
    body = body_of(file(), field("type", "wave"))

    assert upload(body, type="image") == 0


REFUSED = {
    "filename* alone, as of wechatpy's requests": (
        file("form-data; name=\"media\"; filename*=utf-8''%E4%B9%A6.jpg"),
        41005,
    ),
    "no filename": (file('form-data; name="media"'), 41005),
    "an empty filename": (file('form-data; name="media"; filename=""'), 41005),
    "another name": (file('form-data; name="file"; filename="a.jpg"'), 41005),
    "an attachment": (file('attachment; name="media"; filename="a.jpg"'), 41005),
    "no extension": (file('form-data; name="media"; filename="a"'), 41005),
    "a dot in the folder alone": (
        file('form-data; name="media"; filename="/tmp/a.jpg/b"'),
        41005,
    ),
    "another extension": (file('form-data; name="media"; filename="a.txt"'), 40005),
    "nothing in it": (file(content=b""), 44001),
}


@pytest.mark.parametrize(("part", "errcode"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(upload, part, errcode):
    """By the code of what is missing or wrong."""
    assert upload(body_of(part), type="image") == errcode


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (body_of(file()), "multipart/form-data"),
        (body_of(file()), "multipart/form-data; boundary=other"),
        (body_of(file(), closing=""), "multipart/form-data; boundary=b-0"),
        (b"", "multipart/form-data; boundary=b-0"),
        (b"--b-0\r\nno head\r\n--b-0--\r\n", "multipart/form-data; boundary=b-0"),
        (JPEG, "image/jpeg"),
    ],
    ids=["none named", "another", "no end", "empty", "no head", "no multipart"],
)
def test_a_body_that_has_no_parts(upload, body, kind):
    """41005, as without a file."""
    assert upload(body, kind, type="image") == 41005


def test_a_file_comes_back_whole(account):
    """Line ends and dashes in it are its own."""
    account_query = {"access_token": account.token, "type": "image"}
    reply = account.sandbox.call(
        "POST",
        UPLOAD,
        account_query,
        body=body_of(file()),
        headers={"Content-Type": "multipart/form-data; boundary=b-0"},
    )
    media_id = reply.json()["media_id"]

    assert account.fetch("/cgi-bin/media/get", media_id=media_id).body == JPEG
