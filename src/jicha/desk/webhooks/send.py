"""Sends one message: to an address that was looked at, over a connection to exactly that address, following nothing."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from jicha.desk.flow.refusals import Refusal

SILENCE_SECONDS = 10
# A receiver that answers one letter at a time must not hold the worker.
WHOLE_SECONDS = 20
PORTS = {"https": 443, "http": 80}
# Addresses of IPv6 that stand for one of IPv4 behind a translator.
NAT64 = ipaddress.ip_network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class NoAddress(Refusal):
    """An address to which nothing is sent, and why."""

    status = 422


def refuse_address(url: str) -> None:
    """Refuse an address that no message may go to: not https, in a private network, or unknown to the network."""
    reachable(_parts(url))


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise NoAddress(_("This is no address.")) from error
    is_plain = any(not 32 < ord(letter) < 127 for letter in url)
    if is_plain or parts.scheme not in PORTS or not parts.hostname or parts.fragment or port == 0:
        raise NoAddress(_("An address looks like https://example.org/path."))
    if parts.username is not None or parts.password is not None:
        raise NoAddress(_("An address holds no name and no password: the signature says who sends."))
    return parts


def reachable(parts: SplitResult) -> str:
    """Return the one address of the host to connect to; every address that the host has must be allowed."""
    assert parts.hostname is not None
    port = parts.port or PORTS[parts.scheme]
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NoAddress(_("The network knows no host of this name.")) from error
    addresses = [str(one[4][0]).partition("%")[0] for one in found]
    for one in addresses:
        _refuse(ipaddress.ip_address(one), parts.scheme)
    return addresses[0]


def _refuse(address: Address, scheme: str) -> None:
    real = _unwrapped(address)
    if scheme == "http":
        if not (settings.IS_PLAIN_HTTP and real.is_loopback):
            raise NoAddress(
                _("Only https is spoken; http to this machine where the desk itself is served so.")
            )
        return
    is_named = any(real in ipaddress.ip_network(one) for one in settings.WEBHOOK_NETWORKS)
    if not is_named and (not real.is_global or real.is_multicast):
        raise NoAddress(
            _("The host lies in a private network that the operator has not opened (JICHA_WEBHOOK_NETWORKS).")
        )


def _unwrapped(address: Address) -> Address:
    """Return the address of IPv4 that one of IPv6 stands for."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1]) or address


def send(url: str, body: str, headers: Mapping[str, str]) -> int:
    """Post a body and return the status of the answer; what the answer says is not read. Raises `OSError` or `NoAddress`."""
    parts = _parts(url)
    connection = _connection(parts, reachable(parts))
    whole = threading.Timer(WHOLE_SECONDS, _cut, [connection])
    whole.daemon = True
    whole.start()
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body.encode(), dict(headers))
        return connection.getresponse().status
    except http.client.HTTPException as error:
        raise OSError(f"{type(error).__name__}: {error}") from error
    finally:
        whole.cancel()
        connection.close()


def _cut(connection: http.client.HTTPConnection) -> None:
    if connection.sock is not None:
        connection.sock.shutdown(socket.SHUT_RDWR)


def _connection(parts: SplitResult, address: str) -> http.client.HTTPConnection:
    """Return a connection to the address that was looked at: asked a second time, the name might stand for another one."""
    assert parts.hostname is not None
    port = parts.port or PORTS[parts.scheme]
    raw = socket.create_connection((address, port), SILENCE_SECONDS)
    connection = http.client.HTTPConnection(parts.hostname, port, timeout=SILENCE_SECONDS)
    if parts.scheme == "https":
        connection.default_port = PORTS["https"]  # else the header Host would name a port that needs no name
        try:
            raw = ssl.create_default_context().wrap_socket(raw, server_hostname=parts.hostname)
        except OSError:
            raw.close()
            raise
    connection.sock = raw
    return connection
