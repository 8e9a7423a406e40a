"""An account on the sandbox: calls its APIs with a token of its own."""

import pytest
from urllib3.filepost import encode_multipart_formdata

JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 64 + b"\xff\xd9"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
AMR = b"#!AMR\n" + b"\0" * 64
MP4 = b"\0\0\0\x18ftypmp42" + b"\0" * 64


class Account:
    """One app of the sandbox; every call carries its access_token."""

    def __init__(self, sandbox, kind):
        self.sandbox = sandbox
        self.appid = sandbox.app(kind)["appid"]
        self.token = sandbox.token(kind)

    def openid(self, index=0):
        """Return the openid of one of the seeded users; 3 follows nobody."""
        return self.sandbox.user(index)["openid"][self.appid]

    def fetch(self, path, **query):
        """Return the whole reply to a GET."""
        return self.sandbox.get(path, {"access_token": self.token, **query})

    def get(self, path, **query):
        """Return the JSON that a GET is answered with."""
        return self.fetch(path, **query).json()

    def send(self, path, body):
        """Return the whole reply to a POST."""
        return self.sandbox.post(f"{path}?access_token={self.token}", body)

    def post(self, path, body):
        """Return the JSON that a POST is answered with."""
        return self.send(path, body).json()

    def upload(self, path, kind, filename, content, **more):
        """Return the JSON that a multipart upload is answered with."""
        fields = {"media": (filename, content), **more}
        body, content_type = encode_multipart_formdata(fields)
        query = {"access_token": self.token, "type": kind}
        headers = {"Content-Type": content_type}
        reply = self.sandbox.call("POST", path, query, body=body, headers=headers)
        return reply.json()

    def media_id(self, kind="image", filename="a.jpg", content=JPEG):
        """Upload a file and return its temporary media_id."""
        answer = self.upload("/cgi-bin/media/upload", kind, filename, content)
        return answer.get("media_id") or answer["thumb_media_id"]

    def tag(self, name):
        """Make a tag and return its id."""
        return self.post("/cgi-bin/tags/create", {"tag": {"name": name}})["tag"]["id"]


@pytest.fixture
def account(sandbox):
    """The seeded service account."""
    return Account(sandbox, "service")


@pytest.fixture
def miniprogram(sandbox):
    """The seeded mini program."""
    return Account(sandbox, "miniprogram")


@pytest.fixture
def files():
    """The smallest files that look like what they are."""
    return {"jpg": JPEG, "png": PNG, "amr": AMR, "mp4": MP4}
