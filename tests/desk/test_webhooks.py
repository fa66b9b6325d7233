"""Webhooks: what is told to whom, signed how, tried again when, and where nothing is ever sent."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.server
import json
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from jicha.desk.clues.models import Clue
from jicha.desk.clues.moves import FLOW
from jicha.desk.flow.refusals import NotAllowed, NotNow
from jicha.desk.journal.append import append
from jicha.desk.journal.models import Event
from jicha.desk.people.models import Organisation
from jicha.desk.webhooks.actions import add_webhook, end_webhook, renew_webhook, send_again
from jicha.desk.webhooks.models import Message, Subscription
from jicha.desk.webhooks.outbox import deliver_due, forget_old
from jicha.desk.webhooks.send import NoAddress, refuse_address, send
from jicha.desk.webhooks.sign import secret_of, signature_of

MINUTE = timedelta(minutes=1)


class Receiver:
    """A real server on this machine; it keeps what it is sent and answers as it is told to."""

    def __init__(self, port: int = 0) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status, self.location = 204, ""
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            """Takes a message."""

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append(({key.lower(): value for key, value in self.headers.items()}, body))
                self.send_response(receiver.status)
                if receiver.location:
                    self.send_header("Location", receiver.location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST  # noqa: N815

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = http.server.HTTPServer(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """End it: its port is free again."""
        self.server.shutdown()
        self.server.server_close()

    @property
    def events(self) -> list[str]:
        """The ids of the messages, in the order in which they came."""
        return [headers["webhook-id"] for headers, _body in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that listens."""
    made = Receiver()
    yield made
    made.close()


def subscribe(admin: Any, url: str, *actions: str, unit: str = "C1") -> Subscription:
    """Make a webhook as the administrator does."""
    return add_webhook(admin.standing, "robot", url, actions, Organisation.objects.get(number=unit))


def take(clue: Clue, persona: Any) -> Event:
    """Let something happen, and return its event."""
    FLOW.make(clue, "take", persona.standing, {})
    return Event.objects.latest("number")


def is_signed_by(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """Check a signature as a receiver does, by the words of the standard and without our code."""
    key = base64.b64decode(secret.split("_", 1)[1])
    told = b".".join((headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body))
    return (
        headers["webhook-signature"]
        == "v1," + base64.b64encode(hmac.digest(key, told, hashlib.sha256)).decode()
    )


def test_the_signature_is_that_of_the_standard() -> None:
    """The example of the specification “Standard Webhooks” (the payload, id, time and secret that its libraries are tested with)."""
    told = signature_of(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        '{"test": 2432232314}',
    )
    assert told == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_an_event_arrives_signed(
    person: Callable[..., Any], clue: Callable[..., Clue], receiver: Receiver
) -> None:
    """Once, with record and states, in the receiver's signature; no word of the clue, whose sentence may hold a name."""
    made = subscribe(person("administrator"), receiver.url, "take")
    event = take(clue(), person("auditor"))
    assert deliver_due() == {"sent": 1}
    assert deliver_due() == {}
    ((headers, body),) = receiver.got
    assert is_signed_by(secret_of(made), headers, body)
    told = json.loads(body)
    assert (told["type"], told["data"]["from"], told["data"]["to"]) == ("take", "open", "taken")
    assert told["data"]["record"] == {"kind": "clues.clue", "id": event.subject_id}
    assert (told["data"]["event"], told["data"]["unit"]) == (event.number, "S11")
    assert "漏抄" not in body.decode()
    assert not is_signed_by(secret_of(made), headers, body + b" ")


def test_only_what_was_subscribed_to(
    person: Callable[..., Any], clue: Callable[..., Clue], receiver: Receiver
) -> None:
    """Other actions, and the same action in another county, are not told."""
    subscribe(person("administrator"), receiver.url, "take")
    one, auditor = clue(), person("auditor")
    event = take(one, auditor)
    FLOW.make(one, "give_back", auditor.standing, {})
    take(clue("S21", "K2"), person("auditor", "C2"))
    deliver_due()
    assert receiver.events == [f"event_{event.number}"]


def test_a_change_that_is_undone_is_not_told(
    person: Callable[..., Any], clue: Callable[..., Clue], receiver: Receiver
) -> None:
    """The message is part of the transaction of its event."""
    subscribe(person("administrator"), receiver.url)
    before = Message.objects.count()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        take(clue(), person("auditor"))
        raise ZeroDivisionError
    assert Message.objects.count() == before


def test_a_receiver_that_is_down_for_hours_gets_each_event_once(
    person: Callable[..., Any], clue: Callable[..., Clue], receiver: Receiver
) -> None:
    """Nobody listens for an hour, by a clock that is moved; afterwards each event arrives, none twice, and none is lost."""
    subscribe(person("administrator"), receiver.url, "take")
    receiver.close()
    events = [take(clue(place=f"K{n}"), person("auditor")) for n in range(3)]
    clock, tried = timezone.now(), 0
    for _ in range(60):
        clock += MINUTE
        tried += sum(deliver_due(clock).values())
    assert Message.objects.filter(state="waiting", error__gt="").count() == 3
    # Each is tried 0, 1, 6 and 36 minutes after the first time, one message a round: never a storm.
    assert tried == 12
    again = Receiver(receiver.port)
    try:
        for _ in range(180):
            clock += MINUTE
            deliver_due(clock)
        assert sorted(again.events) == [f"event_{event.number}" for event in events]
    finally:
        again.close()


def test_after_five_more_attempts_it_is_for_a_person(
    person: Callable[..., Any], clue: Callable[..., Clue], receiver: Receiver
) -> None:
    """Six answers of 500, then nothing more; the page shows it, the button sends it again, and the log knows who pressed it."""
    admin = person("administrator")
    made = subscribe(admin, receiver.url, "take")
    take(clue(), person("auditor"))
    receiver.status, clock = 500, timezone.now()
    for _ in range(24 * 60):
        clock += MINUTE
        deliver_due(clock)
    assert len(receiver.got) == 6
    message = Message.objects.get()
    assert (message.state, message.answer) == ("failed", 500)
    page = admin.client.get(f"/webhooks/{made.pk}/?state=failed").content.decode()
    address = f"/webhooks/{made.pk}/{message.pk}/again/"
    assert address in page
    receiver.status = 200
    assert admin.client.post(address).status_code == 302
    assert deliver_due() == {"sent": 1}
    assert len(set(receiver.events)) == 1
    assert (Event.objects.latest("number").action, Event.objects.latest("number").actor) == (
        "send_again",
        admin.user,
    )
    with pytest.raises(NotNow):
        send_again(admin.standing, message)


def test_a_redirect_is_not_followed(
    person: Callable[..., Any], clue: Callable[..., Clue], receiver: Receiver
) -> None:
    """Else a receiver could have the desk call whom it likes."""
    other = Receiver()
    try:
        receiver.status, receiver.location = 307, other.url
        subscribe(person("administrator"), receiver.url, "take")
        take(clue(), person("auditor"))
        assert deliver_due() == {"waiting": 1}
        assert (len(receiver.got), other.got) == (1, [])
        assert Message.objects.get().answer == 307
    finally:
        other.close()


def test_two_workers_send_once(
    person: Callable[..., Any], clue: Callable[..., Clue], receiver: Receiver
) -> None:
    """One that read the row before the other sent it does not send it again; one that died leaves it to be sent."""
    subscribe(person("administrator"), receiver.url, "take")
    take(clue(), person("auditor"))
    now = timezone.now()
    Message.objects.update(attempts=1, due_at=now + 2 * MINUTE)  # another worker is at it
    assert deliver_due(now) == {}
    assert deliver_due(now + 3 * MINUTE) == {"sent": 1}  # and was never heard of again
    assert len(receiver.got) == 1


def test_an_ended_webhook_sends_nothing_more(
    person: Callable[..., Any], clue: Callable[..., Clue], receiver: Receiver
) -> None:
    """Neither what waits nor what comes."""
    admin = person("administrator")
    made = subscribe(admin, receiver.url)
    one, auditor = clue(), person("auditor")
    take(one, auditor)
    end_webhook(admin.standing, made)
    FLOW.make(one, "give_back", auditor.standing, {})
    assert deliver_due() == {}
    assert receiver.got == []
    with pytest.raises(NotNow):
        renew_webhook(admin.standing, made)


def test_a_secret_is_shown_once_and_is_in_no_row(
    person: Callable[..., Any], clue: Callable[..., Clue], receiver: Receiver
) -> None:
    """The answer to the form shows it; the database and the log do not hold it; a new one signs from then on."""
    admin = person("administrator")
    told = {
        "name": "robot",
        "url": receiver.url,
        "organisation": Organisation.objects.get(number="C1").pk,
        "actions": ["take"],
    }
    answer = admin.client.post("/webhooks/add/", told)
    made = Subscription.objects.get()
    old = secret_of(made)
    assert old in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert old not in admin.client.get(f"/webhooks/{made.pk}/").content.decode()
    rows = json.dumps([*Subscription.objects.values(), *Event.objects.values()], default=str)
    assert old not in rows
    new_page = admin.client.post(f"/webhooks/{made.pk}/secret/").content.decode()
    made.refresh_from_db()
    assert secret_of(made) != old
    assert secret_of(made) in new_page
    take(clue(), person("auditor"))
    deliver_due()
    assert is_signed_by(secret_of(made), *receiver.got[0])
    assert not is_signed_by(old, *receiver.got[0])


# Ways to write an address of a private network, and addresses that are none. Written in parts: the house knows no such hosts.
PRIVATE = [f"https://{host}/latest" for host in (
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "[::1]", "[fe80::1]", "[fc00::1]",
    "[::ffff:10.0.0.1]", "[64:ff9b::a00:1]", "[2002:a00:1::]", "224.0.0.1", "2130706433", "0x7f.1", "localhost",
)]  # fmt: skip
PUBLIC = "192.0.2.1"
STRANGE = [
    f"http://{PUBLIC}/",
    f"ftp://{PUBLIC}/",
    "file:///etc/passwd",
    f"gopher://{PUBLIC}:6379/",
    "",
    "x",
    "https:///x",
]
STRANGE += [f"https://{rest}" for rest in (
    "a b/", f"me:x@{PUBLIC}/", f"{PUBLIC}/#x", f"{PUBLIC}:99999/", f"{PUBLIC}:0/", f"{PUBLIC}/\r\nX: y",
)]  # fmt: skip


@pytest.mark.parametrize("url", [*PRIVATE, *STRANGE])
def test_nothing_is_sent_into_a_private_network(url: str) -> None:
    """However the address is written, neither the form takes it nor does the sender connect."""
    with pytest.raises(NoAddress):
        refuse_address(url)
    with pytest.raises(NoAddress):
        send(url, "{}", {})


def test_an_operator_opens_a_network(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The named one and no other; and a host with one good and one private address is refused whole."""
    settings.WEBHOOK_NETWORKS, opened, other = ["10.1.0.0/16"], "10.1.2.3", "10.2.0.1"
    refuse_address(f"https://{opened}/hook")
    with pytest.raises(NoAddress):
        refuse_address(f"https://{other}/hook")
    two = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in ("93.184.216.34", "192.168.0.1")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: two)
    with pytest.raises(NoAddress):
        refuse_address("https://receiver.test/")


def test_plain_http_is_for_this_machine_alone(settings: Any, receiver: Receiver) -> None:
    """And only where the desk itself is served so."""
    refuse_address(receiver.url)
    settings.IS_PLAIN_HTTP = False
    with pytest.raises(NoAddress):
        refuse_address(receiver.url)


def test_the_name_is_not_asked_for_twice(monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> None:
    """A name that stands for another address the second time (DNS rebinding) is connected at the address that was looked at."""
    asked = []

    def answer(host: str, port: int, *_args: Any, **_more: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    connected = []
    real = socket.create_connection
    monkeypatch.setattr(socket, "getaddrinfo", answer)
    monkeypatch.setattr(
        socket, "create_connection", lambda place, *rest: connected.append(place) or real(place, *rest)
    )
    assert send(f"http://receiver.test:{receiver.port}/", "{}", {}) == 204
    assert connected == [("127.0.0.1", receiver.port)]
    assert asked[0] == "receiver.test"
    assert asked.count("receiver.test") == 1


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for receiver.test, signed by itself, made by openssl."""
    key, crt = tmp_path / "key.pem", tmp_path / "crt.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", str(key), "-out", str(crt),
               "-days", "2", "-subj", "/CN=receiver.test", "-addext", "subjectAltName=DNS:receiver.test"]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return crt, key


def test_tls_is_checked_for_the_name(
    certificate: tuple[Path, Path], receiver: Receiver, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A certificate that is trusted and names the host: sent. Not trusted, or for another name: nothing is sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    receiver.server.socket = context.wrap_socket(receiver.server.socket, server_side=True)
    settings.WEBHOOK_NETWORKS = ["127.0.0.1/32"]
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", receiver.port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: found)
    with pytest.raises(OSError, match="certificate verify failed"):
        send(f"https://receiver.test:{receiver.port}/", "{}", {})
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with pytest.raises(OSError, match="Hostname mismatch"):
        send(f"https://other.test:{receiver.port}/", "{}", {})
    assert receiver.got == []
    assert send(f"https://receiver.test:{receiver.port}/x?y=1", "{}", {}) == 204
    assert receiver.got[0][0]["host"] == f"receiver.test:{receiver.port}"


def test_who_does_not_manage_there_makes_no_webhook(person: Callable[..., Any], receiver: Receiver) -> None:
    """Neither an auditor, nor the administrator of another county; and the page of one is not there for the other."""
    for stranger in (person("auditor"), person("administrator", "C2")):
        with pytest.raises(NotAllowed):
            subscribe(stranger, receiver.url)
    made = subscribe(person("administrator"), receiver.url)
    assert person("administrator", "C2").client.get(f"/webhooks/{made.pk}/").status_code == 404
    assert "robot" not in person("administrator", "C2").client.get("/webhooks/").content.decode()


def test_what_no_unit_did_is_told_to_who_sees_all(
    person: Callable[..., Any], receiver: Receiver, tree: dict[str, Organisation]
) -> None:
    """An event without an organisation belongs to the root alone."""
    county = subscribe(person("administrator"), receiver.url, "bring_in")
    above = subscribe(person("administrator", "-"), receiver.url, "bring_in", unit="-")
    with transaction.atomic():
        append("bring_in", tree["C1"], actor=None, organisation=None)
    assert [county.messages.count(), above.messages.count()] == [0, 1]


def test_old_messages_are_forgotten(
    person: Callable[..., Any], clue: Callable[..., Clue], receiver: Receiver
) -> None:
    """Those that were sent a month ago; those that failed wait for a person."""
    subscribe(person("administrator"), receiver.url, "take")
    for n in range(3):
        take(clue(place=f"K{n}"), person("auditor"))
    old: datetime = timezone.now() - timedelta(days=31)
    sent, failed, _new = Message.objects.order_by("id")
    Message.objects.filter(pk=sent.pk).update(state="sent", sent_at=old)
    Message.objects.filter(pk=failed.pk).update(state="failed", due_at=old)
    assert forget_old() == 1
    assert not Message.objects.filter(pk=sent.pk).exists()


def test_the_form_says_what_is_wrong(person: Callable[..., Any]) -> None:
    """An address inside the network is refused on the page, with the reason at the field."""
    admin = person("administrator", language="en")
    told = {
        "name": "x",
        "url": PRIVATE[4],
        "organisation": Organisation.objects.get(number="C1").pk,
    }
    answer = admin.client.post("/webhooks/add/", told)
    assert answer.status_code == 422
    assert "JICHA_WEBHOOK_NETWORKS" in answer.content.decode()
    assert not Subscription.objects.exists()
