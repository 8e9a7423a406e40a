"""Settings: each error names its setting, and no value is ever repeated."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.errors import SettingsError
from runtime.settings import Settings, settings_from
from tests.support.gateway_environ import make_environ

NEEDED = (
    "PUBLIC_BASE_URL",
    "REDIS_URL",
    "CONFIG_URL",
    "MASTER_KEYS",
    "COOKIE_SECRETS",
    "TOKEN_SECRETS",
    "LOGIN_CLIENT",
)
OPTIONAL = (
    "OIDC_KEY",
    "S3_ENDPOINT_URL",
    "S3_CREATE_ONLY",
    "WECHAT_API_URL",
    "WECHAT_OPEN_URL",
    "WECHAT_MP_URL",
    "WECOM_API_URL",
    "WECOM_LOGIN_URL",
    "WECHAT_DEADLINE_SECONDS",
    "WECHAT_PROXY_URL",
    "SESSION_DAYS",
    "REDIS_WAIT",
    "REDIS_CA",
    "LEASE_SECONDS",
    "LEASE_RENEW_SECONDS",
    "CREDENTIAL_WAIT_SECONDS",
    "CREDENTIAL_DUE_SECONDS",
    "CREDENTIAL_SPENT_SECONDS",
    "SIGN_INS_PER_ADDRESS",
    "SIGN_INS_PER_MINUTE",
    "TRUSTED_PROXY_HOPS",
    "ALLOWED_HOSTS",
    "METRICS_TOKEN",
    "PUSH_REDIS_URL",
    "PUSH_PRIVATE_NETWORKS",
)
COMPLETE = make_environ("nowhere", "redis://:sesame@127.0.0.1:6379/0")
KEY = base64.b64encode(b"k" * 32).decode()


def refused(**change):
    """Return the text of the SettingsError that a change of the environment makes."""
    with pytest.raises(SettingsError) as caught:
        settings_from({**COMPLETE, **change})
    return str(caught.value)


def test_a_complete_environment_is_read():
    """What is set is what the settings say, what is not has production's default."""
    settings = settings_from(COMPLETE)

    expected = Settings(
        public_base_url="https://gateway.example.com",
        redis_url="redis://:sesame@127.0.0.1:6379/0",
        config_url="file:nowhere/config",
        master_keys={1: b"m" * 32},
        cookie_secrets={1: b"c" * 32},
        token_secrets={1: b"t" * 32},
        login_client="demo",
        wechat_api_url="https://api.weixin.qq.com",
        wechat_open_url="https://open.weixin.qq.com",
        wechat_mp_url="https://mp.weixin.qq.com",
        wechat_deadline_seconds=5.0,
        session_days=7.0,
    )
    assert expected == settings


def test_all_that_is_missing_is_named_at_once():
    """An empty environment is answered with every needed name."""
    with pytest.raises(SettingsError) as caught:
        settings_from({})

    expected = "; ".join(f"{name} is missing" for name in NEEDED)
    assert expected == str(caught.value)


@pytest.mark.parametrize("name", NEEDED)
def test_blank_is_missing(name):
    """A name set to blanks counts as not set."""
    assert f"{name} is missing" == refused(**{name: "  "})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"S3_CREATE_ONLY": "oss"}, "S3_CREATE_ONLY=oss needs S3_ENDPOINT_URL"),
        (
            {"LEASE_SECONDS": "60.1"},
            "LEASE_SECONDS must be at most 60",
        ),
        (
            {"LEASE_SECONDS": "1", "LEASE_RENEW_SECONDS": "0.5"},
            "LEASE_RENEW_SECONDS must be below half of LEASE_SECONDS",
        ),
        (
            {"WECHAT_DEADLINE_SECONDS": "10"},
            "WECHAT_DEADLINE_SECONDS must be below CREDENTIAL_WAIT_SECONDS",
        ),
        (
            {"CREDENTIAL_DUE_SECONDS": "135"},
            "twice CREDENTIAL_DUE_SECONDS and CREDENTIAL_SPENT_SECONDS must be "
            "below 300 together",
        ),
    ],
)
def test_settings_that_disagree(change, told):
    """Two settings that are fine alone but not together are both named."""
    assert told == refused(**change)


@pytest.mark.parametrize("name", OPTIONAL)
def test_a_blank_optional_setting_is_its_default(name):
    """What a deployment tool leaves empty is as good as absent."""
    assert settings_from(COMPLETE) == settings_from({**COMPLETE, name: " "})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PUBLIC_BASE_URL", "gateway.example.com"),
        ("PUBLIC_BASE_URL", "ftp://gateway.example.com"),
        ("PUBLIC_BASE_URL", "https://user@gateway.example.com"),
        ("PUBLIC_BASE_URL", "https://:pw@gateway.example.com"),
        ("PUBLIC_BASE_URL", "https://gateway.example.com?a=b"),
        ("PUBLIC_BASE_URL", "https://gateway.example.com:0"),
        ("PUBLIC_BASE_URL", "https://gateway.example.com:65536"),
        ("PUBLIC_BASE_URL", "https://gate\tway.example.com"),
        ("PUBLIC_BASE_URL", "https://gateway.example.com\r\nSet-Cookie: a"),
        ("PUBLIC_BASE_URL", "https://gateway\u2100.example.com"),
        ("PUBLIC_BASE_URL", "https://[::1"),
        ("WECHAT_API_URL", "api.weixin.qq.com"),
        ("REDIS_URL", "http://127.0.0.1"),
        ("REDIS_URL", "redis://:pass/word@127.0.0.1:6379"),
        ("REDIS_URL", "redis://:12345/word@127.0.0.1:6379"),
        ("REDIS_URL", "redis://127.0.0.1:port"),
        ("REDIS_URL", "redis+sentinel://127.0.0.1:26379"),
        ("REDIS_URL", "redis+sentinel://:pass/word@127.0.0.1:26379/main"),
        ("REDIS_URL", "redis+cluster://127.0.0.1:7000,127.0.0.1"),
        ("REDIS_WAIT", "sleep"),
        ("LEASE_SECONDS", "-1"),
        ("CONFIG_URL", "file:"),
        ("CONFIG_URL", "s3://"),
        ("CONFIG_URL", "s3:///prefix"),
        ("CONFIG_URL", "s3://Bucket"),
        ("CONFIG_URL", "s3://bu"),
        ("CONFIG_URL", "s3://key:secret@bucket/prefix"),
        ("CONFIG_URL", "s3://bucket//prefix"),
        ("CONFIG_URL", "s3://bucket/../prefix"),
        ("CONFIG_URL", "s3://bucket/prefix?versionId=1"),
        ("CONFIG_URL", "https://bucket.example.com"),
        ("S3_ENDPOINT_URL", "oss-cn-hangzhou.aliyuncs.com"),
        ("S3_ENDPOINT_URL", "https://key:secret@oss-cn-hangzhou.aliyuncs.com"),
        ("S3_CREATE_ONLY", "yes"),
        ("MASTER_KEYS", KEY),
        ("MASTER_KEYS", "1:" + "?" * 44),
        ("MASTER_KEYS", "1:" + "k" * 43),
        ("MASTER_KEYS", "1:" + "ü" * 44),
        ("MASTER_KEYS", "1:" + base64.b64encode(b"k" * 31).decode()),
        ("MASTER_KEYS", f"1:{KEY},1:{KEY}"),
        ("COOKIE_SECRETS", "c" * 40),
        ("COOKIE_SECRETS", "0:" + "c" * 32),
        ("COOKIE_SECRETS", "1:" + "c" * 31),
        ("COOKIE_SECRETS", "1:" + "c" * 31 + "\udc80"),
        ("TOKEN_SECRETS", "1:" + "c" * 32 + ",1:" + "d" * 32),
        ("WECHAT_DEADLINE_SECONDS", "0"),
        ("WECHAT_DEADLINE_SECONDS", "nan"),
        ("SESSION_DAYS", "9" * 400),
        ("SESSION_DAYS", "٣"),
        ("SIGN_INS_PER_ADDRESS", "0"),
        ("SIGN_INS_PER_MINUTE", "many"),
        ("TRUSTED_PROXY_HOPS", "-1"),
        ("TRUSTED_PROXY_HOPS", "10"),
        ("TRUSTED_PROXY_HOPS", "1.0"),
        ("TRUSTED_PROXY_HOPS", "٣"),
        ("ALLOWED_HOSTS", "gateway.example.com,"),
        ("ALLOWED_HOSTS", "gateway.example.com:443"),
        ("ALLOWED_HOSTS", "https://gateway.example.com"),
        ("ALLOWED_HOSTS", "*.example.com,gateway.example.com"),
        ("ALLOWED_HOSTS", "www.example.com"),
        ("METRICS_TOKEN", "too-short"),
        ("METRICS_TOKEN", "with blanks " + "x" * 24),
        ("PUSH_REDIS_URL", "http://127.0.0.1"),
        ("PUSH_REDIS_URL", "redis://:pass/word@127.0.0.1:6379"),
        ("PUSH_PRIVATE_NETWORKS", "10.1.2.3/8"),
        ("PUSH_PRIVATE_NETWORKS", "10.0.0.0/33"),
        ("PUSH_PRIVATE_NETWORKS", "intranet"),
    ],
)
def test_what_is_malformed_is_named(name, value):
    """A malformed value is refused under its own name, and only that one."""
    told = refused(**{name: value})

    assert [name] == [part.split()[0] for part in told.split("; ")]


@given(
    name=st.sampled_from((*NEEDED, *OPTIONAL)),
    value=st.text(alphabet="Zz9:/@#?[]%,℀\udc80Ж", min_size=3).map("~q{}~".format),
    scheme=st.sampled_from(("", "https://", "redis://", "redis://:", "1:", "file:")),
)
def test_no_fault_quotes_the_value(name, value, scheme):
    """Whatever somebody typed, the error says the name and not one piece of it."""
    try:
        settings_from({**COMPLETE, name: scheme + value})
    except SettingsError as error:
        told = str(error)
    else:
        return

    assert told.startswith(name)
    assert not set("~Z9@#[]℀\udc80Ж") & set(told)


def test_repr_shows_no_secret():
    """Settings may be printed: no key and no password stands there."""
    shown = repr(settings_from(COMPLETE))

    assert "gateway.example.com" in shown
    assert not any(part in shown for part in ("sesame", "cccc", "tttt", "mmmm"))


def test_key_lists_keep_every_version():
    """Several versions verify; blanks around the items do not matter."""
    text = "3:" + "a" * 32 + " , 12:" + "b" * 40

    settings = settings_from({**COMPLETE, "COOKIE_SECRETS": text})

    assert {3: b"a" * 32, 12: b"b" * 40} == settings.cookie_secrets


def test_optional_settings():
    """What is set takes the place of the default."""
    settings = settings_from(
        {
            **COMPLETE,
            "WECHAT_API_URL": "http://127.0.0.1:8001/",
            "WECHAT_DEADLINE_SECONDS": "2.5",
            "SESSION_DAYS": "30",
            "REDIS_WAIT": "poll",
            "TRUSTED_PROXY_HOPS": "2",
            "ALLOWED_HOSTS": "Gateway.example.com, 10.0.0.1,::1",
            "METRICS_TOKEN": "m" * 24,
            "PUSH_REDIS_URL": "rediss://:open@push.example.com",
            "PUSH_PRIVATE_NETWORKS": "10.0.0.0/8, FD00::/8,127.0.0.1",
        }
    )

    assert 2.5 == settings.wechat_deadline_seconds
    assert 30.0 == settings.session_days
    assert "http://127.0.0.1:8001" == settings.wechat_api_url
    assert "poll" == settings.redis_wait
    assert 2 == settings.trusted_proxy_hops
    assert ("gateway.example.com", "10.0.0.1", "::1") == settings.allowed_hosts
    assert "m" * 24 == settings.metrics_token
    assert "rediss://:open@push.example.com" == settings.push_redis_url
    assert ("10.0.0.0/8", "fd00::/8", "127.0.0.1/32") == settings.push_private_networks
    assert ":open@" not in repr(settings)


def test_a_secret_may_hold_colons():
    """Only the first colon parts version and secret."""
    settings = settings_from({**COMPLETE, "TOKEN_SECRETS": "1:" + "a:" * 16})

    assert {1: b"a:" * 16} == settings.token_secrets


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("https://gateway.example.com/", "https://gateway.example.com"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://example.com/wechat/", "https://example.com/wechat"),
    ],
)
def test_addresses_have_no_final_slash(value, expected):
    """Paths are put behind an address, so it ends without a slash."""
    settings = settings_from({**COMPLETE, "PUBLIC_BASE_URL": value})

    assert expected == settings.public_base_url
    assert value.startswith("https:") == settings.secure


@pytest.mark.parametrize(
    "value",
    [
        "redis://localhost",
        "rediss://:p%2Fw@redis.example.com:6380/1",
        "unix:///r.sock",
        "redis+sentinel://:pw@a:26379,b:26379/main?db=1",
        "rediss+cluster://[::1]:7000,a.example.com:7001",
    ],
)
def test_redis_addresses(value):
    """Every way to run a Redis has its form of address, taken as it is."""
    assert value == settings_from({**COMPLETE, "REDIS_URL": value}).redis_url


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("file:.local/config", "file:.local/config"),
        ("s3://gateway-documents", "s3://gateway-documents"),
        ("s3://gateway.documents/wechat/v1.0/", "s3://gateway.documents/wechat/v1.0"),
    ],
)
def test_addresses_of_documents(value, expected):
    """A folder, or a bucket with or without a prefix."""
    assert expected == settings_from({**COMPLETE, "CONFIG_URL": value}).config_url
