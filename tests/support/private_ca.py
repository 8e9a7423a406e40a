"""A certificate authority of a company, and the certificates that it signs."""

from __future__ import annotations

import base64
import datetime
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

DAY = datetime.timedelta(days=1)


class PrivateCa:
    """`pem` is its own certificate in a file, `setting` what REDIS_CA gets."""

    def __init__(self, folder):
        folder.mkdir(exist_ok=True)
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("Example CA")
        now = datetime.datetime.now(datetime.timezone.utc)
        own = x509.BasicConstraints(ca=True, path_length=0)
        self._certificate = (
            _builder(self._name, self._name, self._key, now - DAY, now + DAY)
            .add_extension(own, critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.pem = folder / "ca.pem"
        self.pem.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))
        der = self._certificate.public_bytes(serialization.Encoding.DER)
        self.setting = base64.b64encode(der).decode()

    def sign(self, *names, ends=DAY):
        """Return files with a certificate for addresses or names, and with its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.datetime.now(datetime.timezone.utc)
        san = x509.SubjectAlternativeName([_general(each) for each in names])
        certificate = (
            _builder(_named(names[0]), self._name, key, now - 2 * DAY, now + ends)
            .add_extension(san, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        kind, shape = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        files = self._folder / "server.pem", self._folder / "server.key"
        files[0].write_bytes(certificate.public_bytes(kind))
        files[1].write_bytes(
            key.private_bytes(kind, shape, serialization.NoEncryption())
        )
        return files


def _named(text):
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def _general(name):
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _builder(subject, issuer, key, begins, ends):
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
    )
