"""The certificate of a domain is never replaced by an older one."""

from __future__ import annotations

import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from deploy.certificates import from_function_compute, older_ones
from tests.deployment.function_compute.instance import ACCOUNT, REGION
from tests.deployment.function_compute.server import FunctionCompute
from tests.deployment.function_compute.signature import KEY_ID, KEY_SECRET

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
