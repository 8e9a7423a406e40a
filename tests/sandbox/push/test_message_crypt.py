"""The crypt agrees, bit by bit, with the platform's published and captured vectors."""

import base64

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from sandbox.message_crypt import BLOCK, CryptError, Opened, decrypt, encrypt, sign

# A: the message that the platform's own sample code decrypts.
KEY_A = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
ENCRYPT_A = (
    "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHH"
    "hGd3QczcdCUpj911L3vg3W/sYYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4a"
    "SknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gsijff0ekUNXZiqATP"
    "7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8"
    "V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p"
    "8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIGHBZZIs2pDBS8R07+qN+E7Q=="
)

# B: a Chinese text.
KEY_B = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
ENCRYPT_B = (
    "jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP7"
    "2vVOfg=="
)

# C: a passive reply.
KEY_C = "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR"
REPLY_C = """<xml>
<MsgType><![CDATA[text]]></MsgType>
<Content><![CDATA[test]]></Content>
<FromUserName><![CDATA[wx49f0ab532d5d035a]]></FromUserName>
<ToUserName><![CDATA[messense]]></ToUserName>
<AgentID>1</AgentID>
<CreateTime>1411525903</CreateTime>
</xml>"""
ENCRYPT_C = (
    "9s4gMv99m88kKTh/H8IdkOiMg6bisoy3ypwy9H4hvSPe9nsGaqyw5hhSjdYbcrKk+j3nba4HMOTzHrlu"
    "LBYqxgNcBqGsL8GqxlhZgURnAtObvesEl5nZ+uBE8bviY0LWke8Zy9V/QYKxNV2FqllNXcfmstttyIkM"
    "KCCmVbCFM2JTF5wY0nFhHZSjPUL2Q1qvSUCUld+/WIXrx0oyKQmpB6o8NRrrNrsDf03oxI1p9FxUgMnw"
    "KKZeOA/uu+2IEvEBtb7muXsVbwbgX05UPPJvFurDXafG0RQyPR+mf1nDnAtQmmNOuiR5MIkdQ39xn1vW"
    "wi1O5oazPoQJz0nTYjxxEE8kv3kFxtAGVRe3ypD3WeK2XeFYFMNMpatF9XiKzHo3"
)
ECHO_C = (
    "4ByGGj+sVCYcvGeQYhaKIk1o0pQRNbRjxybjTGblXrBaXlTXeOo1+bXFXDQQb1o6co6Yh9Bv41n7hOch"
    "LF6p+Q=="
)

# D: a push as it came over the wire, in compat mode.
KEY_D = "mNnY5GekpChwqhy2c4NBH90g3hND6GeI4gii2YCvKLY"
ENCRYPT_D = (
    "2gUBUpAeuPFKBS+gkcvrR1cBq1VjTOQluB7+FQF00VnybRpYR3xko4S4wh0qD+64cWmJfF93ZNLm+HLZ"
    "BexjHLAdJBs5RBG2rP1AJnU0/1vQU/Ac9Q1Nq7vfC4l3ciF8YwhQW0o/GE4MYWWakgdwnp0hQ7aVVwqM"
    "Ld67A5bsURQHJiFY/cH0fVlsKe6J3aazGhRXFCxceOq2VTJ2Eulc8aBDVSM5/lAIUA/JPq5Z2RzomM0+"
    "aoa5XIfGyAtAdlBXD0ADTemxgfYAKI5EMfKtH5za3dKV2UWbGAlJQZ0fwrwPx6Rs8MsoEtyxeQ52gO94"
    "gafA+/kIVjamKTVLSgudLLz5rAdGneKkBVhXyfyfousm1DoDRjQdAdqMWpwbeG5hanoJyJiH+humW/1q"
    "8PAAiaEfA+BOuvBk/a5xL0Q2l2k="
)
PLAIN_D = """<xml><ToUserName><![CDATA[gh_a96a4a619366]]></ToUserName>
<FromUserName><![CDATA[olPjZjsXuQPJoV0HlruZkNzKc91E]]></FromUserName>
<CreateTime>1414387151</CreateTime>
<MsgType><![CDATA[text]]></MsgType>
<Content><![CDATA[你好]]></Content>
<MsgId>6074746557628292943</MsgId>
</xml>"""


@pytest.mark.parametrize(
    ("parts", "digest"),
    [
        pytest.param("b c a", "a9993e364706816aba3e25717850c26c9cd0d89d", id="S1"),
        pytest.param(
            f"QDG6eK 1409659813 1372623149 {ENCRYPT_A}",
            "477715d11cdb4164915debcba66cb864d751f3e6",
            id="A",
        ),
        pytest.param(
            "pamtest 1409304348 xxxxxx",
            "76480565cbe296026c53aaacd1ad523a1ddba24f",
            id="B plain",
        ),
        pytest.param(
            f"pamtest 1409304348 xxxxxx {ENCRYPT_B}",
            "82c962d39941aa48552f90ef55aa323dc620cc10",
            id="B",
        ),
        pytest.param(
            f"123456 1411525903 461056294 {ENCRYPT_C}",
            "407518b7649e86ef23978113f92d27afa9296533",
            id="C",
        ),
        pytest.param(
            f"123456 1411443780 437374425 {ECHO_C}",
            "dd6b9c95b495b3f7e2901bfbc76c664930ffdb96",
            id="C echostr",
        ),
        pytest.param(
            "weixin 1414387151 917222494",
            "e3203b6433eb554dd2fcba78fa48cb948fcb4801",
            id="D plain",
        ),
        pytest.param(
            f"weixin 1414387151 917222494 {ENCRYPT_D}",
            "ae70d4e343d946fc0477a5c760b95be0947fddbb",
            id="D",
        ),
    ],
)
def test_sign_agrees_with_the_published_signatures(parts, digest):
    """Both signatures are SHA-1 over the sorted, joined parts."""
    assert digest == sign(*parts.split(" "))


@pytest.mark.parametrize(
    ("key", "encrypted", "opened"),
    [
        pytest.param(
            KEY_B,
            ENCRYPT_B,
            Opened(
                b"aaaabbbbccccdddd", "我是中文abcd123".encode(), "wxb11529c136998cb6"
            ),
            id="B",
        ),
        pytest.param(
            KEY_C,
            ENCRYPT_C,
            Opened(b"1234567890123456", REPLY_C.encode(), "wx49f0ab532d5d035a"),
            id="C",
        ),
        pytest.param(
            KEY_D,
            ENCRYPT_D,
            Opened(b"42952fe6464df535", PLAIN_D.encode(), "wx669ef95216eef885"),
            id="D",
        ),
    ],
)
def test_both_directions_agree_with_the_vectors(key, encrypted, opened):
    """Decrypting gives random, message and appid; encrypting them gives it back."""
    again = encrypt(
        opened.message, encoding_aes_key=key, appid=opened.appid, random=opened.random
    )

    assert opened == decrypt(encrypted, encoding_aes_key=key)
    assert encrypted == again


def test_vector_a_opens_and_closes():
    """The platform's own sample holds a greeting and closes to the same bytes."""
    random, message, appid = decrypt(ENCRYPT_A, encoding_aes_key=KEY_A)

    assert (b"0960688932c47ef1", "wx5823bf96d3bd56c7") == (random, appid)
    assert b"<Content><![CDATA[hello]]></Content>" in message
    assert ENCRYPT_A == encrypt(
        message, encoding_aes_key=KEY_A, appid=appid, random=random
    )


def test_the_echo_of_vector_c_opens():
    """A short plaintext, padded by more than sixteen bytes, opens as well."""
    assert b"5927782489442352469" == decrypt(ECHO_C, encoding_aes_key=KEY_C).message


@pytest.mark.parametrize(
    "encrypted",
    [
        pytest.param("", id="empty"),
        pytest.param("no base64!", id="not base64"),
        pytest.param(base64.b64encode(b"x" * 33).decode(), id="half a block"),
        pytest.param(base64.b64encode(b"x" * 32).decode(), id="nothing encrypted"),
        pytest.param(ENCRYPT_A, id="another key"),
    ],
)
def test_what_does_not_open_is_a_crypt_error(encrypted):
    """A forged or foreign ciphertext is one error, never a stack of its own."""
    with pytest.raises(CryptError):
        decrypt(encrypted, encoding_aes_key=KEY_B)


def sealed(padded):
    """Return the base64 of these whole blocks under key B, whatever they say."""
    key = base64.b64decode(KEY_B + "=")
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(padded)).decode()


@pytest.mark.parametrize("length", range(BLOCK + 1))
def test_every_length_is_padded_and_unpadded(length):
    """From one byte of padding to a whole block of it, without an appid as well."""
    opened = Opened(b"r" * 16, b"m" * length, "")
    encrypted = encrypt(
        opened.message, encoding_aes_key=KEY_B, appid="", random=opened.random
    )

    assert len(base64.b64decode(encrypted)) == 32 * ((20 + length) // 32 + 1)
    assert opened == decrypt(encrypted, encoding_aes_key=KEY_B)


HEAD = b"r" * 16 + b"\0\0\0\x05" + b"hello"


@pytest.mark.parametrize(
    ("padded", "reason"),
    [
        pytest.param(HEAD.ljust(32, b"\0"), "padding", id="none"),
        pytest.param(HEAD + b"x" * 6 + b"\x21" * 33, "padding", id="more than a block"),
        pytest.param(HEAD + b"\x07" * 5 + b"\x06\x07", "padding", id="uneven"),
        pytest.param(b"r" * 19 + b"\x0d" * 13, "too short", id="no length"),
        pytest.param(
            b"r" * 16 + b"\0\0\0\x06hello" + b"\x07" * 7, "shorter", id="too long"
        ),
        pytest.param(HEAD + b"\xff" + b"\x06" * 6, "appid", id="appid not UTF-8"),
    ],
)
def test_a_plaintext_of_another_layout_is_a_crypt_error(padded, reason):
    """Padding, length and appid are each checked, right key or not."""
    with pytest.raises(CryptError, match=reason):
        decrypt(sealed(padded), encoding_aes_key=KEY_B)
