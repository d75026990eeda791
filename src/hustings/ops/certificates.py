"""What is wrong with a certificate, in words. It trusts whom this machine trusts."""

import socket
import ssl
from collections.abc import Iterator

from hustings.base.clock import Clock
from hustings.ops.finding import Finding, Health

SOON = 14.0  # days: who renews by machine has done so a month before the end
DAY = 86_400
PATIENCE = 3.0  # s
EXPIRED, NOT_YET, OTHER_NAME, OTHER_ADDRESS = 10, 9, 62, 64  # X509_V_ERR_* of OpenSSL


def untrusted(error: ssl.SSLCertVerificationError) -> str:
    match error.verify_code:
        case code if code == EXPIRED:
            return "its certificate has run out"
        case code if code == NOT_YET:
            return "its certificate is not valid yet, or this machine's clock is late"
        case code if code in {OTHER_NAME, OTHER_ADDRESS}:
            return "its certificate is for another name"
    return f"its certificate is not trusted ({error.verify_message})"


def check_certificate(subject: str, host: str, port: int, clock: Clock) -> Iterator[Finding]:
    """Nothing is found where nobody answers: another check says so."""
    cure = "renew it, or have the web server renew it by itself"
    try:
        ends = _end(host, port)
    except ssl.SSLCertVerificationError as error:
        yield Finding(subject, Health.FAULT, untrusted(error), cure)
    except OSError:
        return
    else:
        days = (ends - clock.now()) / DAY
        if days < SOON:
            yield Finding(subject, Health.WARNING, f"its certificate runs out in {max(0, int(days))} days", cure)
        else:
            yield Finding(subject, Health.WELL, f"its certificate is good for {int(days)} days")


def _end(host: str, port: int) -> float:
    with (
        socket.create_connection((host, port), timeout=PATIENCE) as connection,
        ssl.create_default_context().wrap_socket(connection, server_hostname=host) as secure,
    ):
        certificate = secure.getpeercert()
        return ssl.cert_time_to_seconds(str(certificate["notAfter"])) if certificate else 0.0
