"""A key service that misbehaves: its answers are never believed, and never shown."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import ipaddress
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tdsec_gov.errors import BackendUnavailable, ConfigurationError, KeyUnavailable, TdsecError
from tdsec_gov.keys.sources import http
from tdsec_gov.keys.sources.vault_transit import VaultTransit

SECRET = b"planted-secret"
TOKEN = "planted-token"
CONTEXT = {"name": "alice", "use": "tdsec-identity"}
Answer = Callable[["Echo", bytes], None]


class Echo(BaseHTTPRequestHandler):
    """Answers as the test says; notes the tokens it was shown."""

    answer: Answer
    seen: list[str]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append(self.headers.get("X-Vault-Token", ""))
        type(self).answer(self, body)

    def do_GET(self) -> None:
        self.seen.append(self.headers.get("X-Vault-Token", ""))
        self.say(200, b"{}")

    def say(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@contextlib.contextmanager
def service(answer: Answer, tls: ssl.SSLContext | None = None) -> Iterator[tuple[str, list[str]]]:
    """Address of a server that answers so, and the tokens it sees."""
    seen: list[str] = []
    handler = type("Handler", (Echo,), {"answer": staticmethod(answer), "seen": seen})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ADDR", "NAMESPACE", "CACERT", "TOKEN"):
        monkeypatch.delenv(f"BAO_{name}", raising=False)
        monkeypatch.delenv(f"VAULT_{name}", raising=False)
    monkeypatch.setenv("VAULT_TOKEN", TOKEN)


def refused(error: type[TdsecError]) -> TdsecError:
    """Both functions refuse with this error, without secret or token in it."""
    for act in (
        lambda: VaultTransit("tdsec").wrap(SECRET, CONTEXT),
        lambda: VaultTransit("tdsec").unwrap(b"vault:v1:AAAA", CONTEXT),
    ):
        with pytest.raises(error) as caught:
            act()
        assert type(caught.value) is error
        for word in (SECRET.decode(), base64.b64encode(SECRET).decode(), TOKEN, "AAAA"):
            assert word not in caught.value.line() and word not in repr(caught.value.__cause__)
    return caught.value


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, KeyUnavailable),
        (403, KeyUnavailable),
        (404, KeyUnavailable),
        (204, BackendUnavailable),
        (307, BackendUnavailable),
        (412, BackendUnavailable),
        (429, BackendUnavailable),
        (473, BackendUnavailable),
        (500, BackendUnavailable),
        (503, BackendUnavailable),
    ],
)
def test_every_status_says_what_it_means(
    status: int, error: type[TdsecError], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The body repeats what was sent, as a debugging proxy might."""

    def answer(handler: Echo, body: bytes) -> None:
        text = json.dumps({"errors": [body.decode(), str(handler.headers)]}).encode()
        handler.say(status, b"" if status == 204 else text)

    with service(answer) as (address, _):
        monkeypatch.setenv("VAULT_ADDR", address)
        refused(error)


NONSENSE = [
    b"",
    b"null",
    b"[]",
    b"{}",
    b'{"data": null}',
    b'{"data": {}}',
    b'{"data": {"ciphertext": 1, "plaintext": 1}}',
    b'{"data": {"ciphertext": "planted-token", "plaintext": "!planted-token"}}',
    b'{"data": {"ciphertext": "vault:v0:AAAA", "plaintext": "A"}}',
    b'{"data": {}, "data": {"ciphertext": "vault:v1:AAAA", "plaintext": "AAAA"}}',
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"data": "' + b"x" * (2 << 20) + b'"}',
]


@pytest.mark.parametrize("body", NONSENSE, ids=range(len(NONSENSE)))
def test_nonsense_is_refused(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    with service(lambda handler, _: handler.say(200, body)) as (address, _):
        monkeypatch.setenv("VAULT_ADDR", address)
        refused(BackendUnavailable)


def test_a_redirect_does_not_carry_the_token_away(monkeypatch: pytest.MonkeyPatch) -> None:
    with service(lambda handler, _: handler.say(200, b"{}")) as (elsewhere, stolen):
        statuses = iter([301, 301, 302, 302, 303, 303, 307, 307, 308, 308])

        def answer(handler: Echo, _: bytes) -> None:
            handler.say(next(statuses), b"", Location=f"{elsewhere}/v1/transit/decrypt/tdsec")

        with service(answer) as (address, seen):
            monkeypatch.setenv("VAULT_ADDR", address)
            for _ in range(5):
                refused(BackendUnavailable)
        assert seen == [TOKEN] * 10 and stolen == []


def test_a_service_that_hangs_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with service(lambda handler, _: handler.connection.close()) as (address, _):
        monkeypatch.setenv("VAULT_ADDR", address)
        refused(BackendUnavailable)


def test_a_service_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    monkeypatch.setattr(http, "TIMEOUT", 0.2)
    with service(lambda *_: release.wait(30) and None) as (address, _):  # type: ignore[func-returns-value]
        monkeypatch.setenv("VAULT_ADDR", address)
        try:
            refused(BackendUnavailable)
        finally:
            release.set()


@pytest.mark.parametrize(
    "address",
    [
        "http://vault.example.org:8200",
        "http://127.0.0.1.example.org",
        "http://localhost@example.org",
        "http://10.0.0.1",
        "https://user:planted-token@127.0.0.1",
        "file:///etc/passwd",
        "ftp://127.0.0.1",
        "127.0.0.1:8200",
        "https://",
        "https://[::1",
        "https://127.0.0.1:port",
        "planted-token",
    ],
)
def test_addresses_that_get_no_token(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_ADDR", address)
    refused(ConfigurationError)


@pytest.mark.parametrize("token", ["", "two words", "line\nfeed", "x" * 5000, "é"])
def test_tokens_that_are_none(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_ADDR", "http://127.0.0.1:1")
    monkeypatch.setenv("VAULT_TOKEN", token)
    assert not token or token not in refused(KeyUnavailable).line()


def test_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "VAULT_ADDR" in refused(KeyUnavailable).hint


def test_what_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The path, the context as canonical JSON, the namespace; OpenBao's variables before Vault's."""
    requests: list[tuple[str, str | None, dict[str, str]]] = []

    def answer(handler: Echo, body: bytes) -> None:
        requests.append((handler.path, handler.headers["X-Vault-Namespace"], json.loads(body)))
        handler.say(200, b'{"data": {"ciphertext": "vault:v1:AAAA"}}')

    with service(answer) as (address, seen):
        monkeypatch.setenv("VAULT_ADDR", "http://127.0.0.1:1")
        monkeypatch.setenv("BAO_ADDR", f"{address}/")
        monkeypatch.setenv("BAO_TOKEN", "bao-token")
        monkeypatch.setenv("VAULT_NAMESPACE", "team/a")
        assert VaultTransit("deep/mount/key").wrap(SECRET, CONTEXT) == b"vault:v1:AAAA"
    path, namespace, body = requests[0]
    assert (path, namespace, seen) == ("/v1/deep/mount/encrypt/key", "team/a", ["bao-token"])
    assert base64.b64decode(body["associated_data"]) == b'{"name":"alice","use":"tdsec-identity"}'


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A self-signed certificate for 127.0.0.1, and a server that shows it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = dt.datetime.now(dt.UTC)
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(alternative, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(Encoding.PEM))
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key.pem").write_bytes(secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return folder / "cert.pem", context


def test_certificates_are_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trusted, context = certificate(tmp_path)
    answer = b'{"data": {"ciphertext": "vault:v1:AAAA", "plaintext": "AAAA"}}'
    with service(lambda handler, _: handler.say(200, answer), context) as (address, seen):
        monkeypatch.setenv("VAULT_ADDR", address)
        assert "not trusted" in str(refused(BackendUnavailable).found) and seen == []
        monkeypatch.setenv("VAULT_CACERT", str(trusted))
        assert VaultTransit("tdsec").wrap(SECRET, CONTEXT) == b"vault:v1:AAAA"
        monkeypatch.setenv("VAULT_ADDR", address.replace("127.0.0.1", "localhost"))
        assert "not trusted" in str(refused(BackendUnavailable).found)
        monkeypatch.setenv("VAULT_CACERT", str(tmp_path / "nothing"))
        refused(ConfigurationError)
