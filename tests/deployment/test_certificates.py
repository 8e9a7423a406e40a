"""Certificate and key of a domain: what FC and browsers take, and no older one."""

from __future__ import annotations

import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from deploy.certificates import (
    certificate_faults,
    ending_soon,
    taken_key,
)
from deploy.replaced_certificates import from_function_compute, older_ones
from tests.deployment.function_compute.instance import ACCOUNT, REGION
from tests.deployment.function_compute.server import FunctionCompute
from tests.deployment.function_compute.signature import KEY_ID, KEY_SECRET
from tests.support.recording_proxy import make_certificate
from tests.support.rsa_keys import loaded, private_key

DOMAIN = "gateway.example.com"
ROUTE = {"path": "/*", "serviceName": "wechat_gateway", "functionName": "login"}


def certificate(days):
    """Return a certificate in PEM that ends in so many days."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, DOMAIN)])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(400))
        .not_valid_after(now + datetime.timedelta(days))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


def resources(pem):
    """Return a template's resources, with a domain that has this certificate."""
    config = {"CertName": "new", "PrivateKey": "-", "Certificate": pem}
    return {
        DOMAIN: {
            "Type": "Aliyun::Serverless::CustomDomain",
            "Properties": {
                "DomainName": DOMAIN,
                "Protocol": "HTTP,HTTPS",
                "RouteConfig": {"Routes": {}},
                "CertConfig": config,
            },
        }
    }


@pytest.fixture
def compute(tmp_path):
    """Function Compute's API, which checks signatures."""
    running = FunctionCompute("-", tmp_path)
    yield running
    running.stop()


@pytest.fixture
def environ(compute, tmp_path):
    return {
        "HOME": str(tmp_path),
        "ACCOUNT_ID": ACCOUNT,
        "REGION": REGION,
        "ACCESS_KEY_ID": KEY_ID,
        "ACCESS_KEY_SECRET": KEY_SECRET,
        "FC_ENDPOINT": f"http://127.0.0.1:{compute.port}",
    }


def deployed(compute, pem):
    config = {"certName": "gateway-2027", "certificate": pem, "privateKey": "-"}
    there = {"domainName": DOMAIN, "protocol": "HTTP,HTTPS", "certConfig": config}
    compute.control.domains[(DOMAIN,)] = there


@pytest.mark.parametrize(("there", "given"), [(100, 100), (100, 200), (-5, 90)])
def test_one_that_ends_later_is_deployed(compute, environ, there, given):
    """Or at the same time, as with the same certificate."""
    pem = certificate(there)
    deployed(compute, pem)
    new = pem if there == given else certificate(given)

    assert [] == list(older_ones(resources(new), from_function_compute(environ)))


def test_one_that_ends_earlier_is_refused(compute, environ):
    """With both dates, the other one's name, and how to deploy it nevertheless."""
    deployed(compute, certificate(200))
    (fault,) = older_ones(resources(certificate(20)), from_function_compute(environ))

    assert f"that of {DOMAIN} now, gateway-2027, ends " in fault
    assert fault.endswith("or deploy with OLDER_CERTIFICATE=yes.")


@pytest.mark.parametrize("config", [None, {"certName": "gateway-2027"}])
def test_what_the_api_does_not_tell(compute, environ, config):
    """A domain that is new, has none, or of which the API shows the name alone."""
    found = from_function_compute(environ)
    assert [] == list(older_ones(resources(certificate(20)), found))
    compute.control.domains[(DOMAIN,)] = {"domainName": DOMAIN, "certConfig": config}
    assert [] == list(older_ones(resources(certificate(20)), found))


def test_an_api_that_refuses(compute, environ):
    """Nothing is deployed unseen; no signature is in the message."""
    deployed(compute, certificate(200))
    wrong = {**environ, "ACCESS_KEY_SECRET": "wrong"}
    (fault,) = older_ones(resources(certificate(20)), from_function_compute(wrong))

    assert fault == (
        f"The certificate of {DOMAIN} cannot be compared: SignatureNotMatch."
    )


def test_an_api_that_is_away(environ):
    """The name of the error alone."""
    away = {**environ, "FC_ENDPOINT": "http://127.0.0.1:1"}
    (fault,) = older_ones(resources(certificate(20)), from_function_compute(away))

    assert "cannot be compared: ConnectionError." in fault


NOW = datetime.datetime.now(datetime.timezone.utc)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def pem(key, *, form=serialization.PrivateFormat.PKCS8, password=b""):
    """Return a private key in PEM."""
    locked = serialization.BestAvailableEncryption(password) if password else None
    encryption = locked or serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, encryption).decode()


@pytest.fixture
def given(tmp_path):
    """Return a function that makes certificate and key as the template has them."""

    def make(*names, key=EC_KEY, days=90):
        made = make_certificate(tmp_path, *names, key=key, days=days).read_text()
        private, begin, rest = made.partition("-----BEGIN CERTIFICATE")
        return {"Certificate": begin + rest, "PrivateKey": private}

    return make


@pytest.mark.parametrize(
    ("key", "begin"),
    [
        pytest.param(
            loaded(private_key()), "-----BEGIN RSA PRIVATE KEY-----", id="RSA"
        ),
        pytest.param(EC_KEY, "-----BEGIN EC PRIVATE KEY-----", id="EC"),
    ],
)
def test_a_key_is_converted_to_the_form_that_function_compute_takes(key, begin):
    """PKCS#8 as most tools write it; what has the right form already stays equal."""
    taken = taken_key(pem(key))

    assert taken.startswith(begin)
    assert taken == taken_key(taken)
    again = serialization.load_pem_private_key(taken.encode(), None)
    assert key.private_numbers() == again.private_numbers()
    assert "~/key.pem" == taken_key("~/key.pem")


@pytest.mark.parametrize("name", [DOMAIN, "*.example.com"])
def test_a_good_pair_has_no_fault(given, name):
    """With the domain's own name or a wildcard, of either kind of key."""
    for key in (EC_KEY, loaded(private_key())):
        assert [] == [*certificate_faults(given(name, key=key), DOMAIN, NOW)]


FAULTS = {
    "another name": (
        {"names": ["example.com"]},
        "is for example.com, 127.0.0.1, ",
    ),
    "deeper wildcard": ({"names": ["*.com"]}, "is for *.com, 127.0.0.1, not for"),
    "no name": ({"names": []}, "is for 127.0.0.1, not for "),
    "ended": ({"days": -0.5}, "CERTIFICATE has ended, "),
    "password": (
        {"PrivateKey": pem(EC_KEY, password=b"word")},
        "CERTIFICATE_KEY has a password",
    ),
    "another key": (
        {"PrivateKey": pem(ec.generate_private_key(ec.SECP256R1()))},
        "CERTIFICATE_KEY is not the key of the first certificate",
    ),
    "kind of key": (
        {"PrivateKey": pem(ed25519.Ed25519PrivateKey.generate())},
        "CERTIFICATE_KEY is neither an RSA key nor an EC key.",
    ),
    "no key": ({"PrivateKey": "key.pem"}, "CERTIFICATE_KEY is not a private key in"),
    "no certificate": ({"Certificate": "cert.pem"}, "CERTIFICATE is not a certificate"),
}


@pytest.mark.parametrize(("changes", "sentence"), FAULTS.values(), ids=list(FAULTS))
def test_a_fault_is_named(given, changes, sentence):
    """Exactly the one that there is."""
    pair = given(*changes.get("names", [DOMAIN]), days=changes.get("days", 90))
    pair |= {name: changes[name] for name in pair.keys() & changes.keys()}
    (fault,) = certificate_faults(pair, DOMAIN, NOW)

    assert sentence in fault


def test_a_certificate_of_tomorrow(given):
    """It is valid only later."""
    before = NOW - datetime.timedelta(2)
    (fault,) = certificate_faults(given(DOMAIN), DOMAIN, before)

    assert fault.startswith("CERTIFICATE begins only on ")


@pytest.mark.parametrize(("days", "warnings"), [(13, 1), (15, 0), (-1, 0)])
def test_an_end_that_is_near_is_a_warning(days, warnings):
    """A mend may be deployed on the last day; an ended one is a fault already."""
    found = [*ending_soon(resources(certificate(days)), NOW)]

    assert warnings == len(found)
