"""Real receivers on this machine: a mail server and a web server that keep what they are sent.

Knows nothing of Greenlight. Both can be told how to answer, and both speak TLS when asked.
"""

from __future__ import annotations

import base64
import contextlib
import datetime
import email
import email.policy
import ipaddress
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Post:
    """One request that came in."""

    path: str
    headers: dict[str, str]
    body: bytes


Answer = Callable[["WebReceiver", BaseHTTPRequestHandler], None]


def status(code: int, **headers: str) -> Answer:
    def answer(_receiver: WebReceiver, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in {"Content-Length": "0", **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()

    return answer


class WebReceiver:
    """Keeps every POST. `answers` are used up one by one; then it answers 204."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.posts: list[Post] = []
        self.answers: list[Answer] = []
        self.closing = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.posts.append(Post(self.path, dict(self.headers.items()), body))
                answer = receiver.answers.pop(0) if receiver.answers else status(204)
                with contextlib.suppress(OSError):  # whoever sent it may be gone
                    answer(receiver, self)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                pass  # a client that trusts us not, or left in the middle

        self._server = Server(("127.0.0.1", 0), Handler)
        if tls is not None:
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port = self._server.server_port
        self.url = f"{'https' if tls else 'http'}://localhost:{self.port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.01])

    def __enter__(self) -> WebReceiver:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@dataclass
class MailReceiver:
    """A small SMTP server. `refusals` maps a command to the line that answers it instead; the
    command `drips_at` is answered line by line for as long as anybody listens."""

    tls: ssl.SSLContext | None = None
    is_implicit: bool = False
    users: dict[str, str] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)
    drips_at: str = ""
    closing: threading.Event = field(default_factory=threading.Event)
    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    were_secure: list[bool] = field(default_factory=list)

    def __enter__(self) -> MailReceiver:
        receiver = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError):
                    _Conversation(receiver, self.request).hold()

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.01])
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Conversation:
    """One client, from the greeting to its goodbye."""

    def __init__(self, receiver: MailReceiver, connection: ssl.SSLSocket) -> None:
        self._receiver = receiver
        self._connection = connection
        self._is_secure = False
        self._is_known = not receiver.users
        self._sender, self._to = "", list[str]()

    def hold(self) -> None:
        if self._receiver.is_implicit:
            self._secure()
        self._open()
        self._say("220 receiver.test ESMTP")
        try:
            while line := self._file.readline():
                words = line.decode().strip()
                command = words.split(" ")[0].upper()
                while command == self._receiver.drips_at:
                    self._say("250-wait")
                    if self._receiver.closing.wait(0.02):
                        return
                if command in self._receiver.refusals:
                    self._say(self._receiver.refusals[command])
                elif not self._answer(command, words):
                    return
        finally:
            self._file.close()
            self._connection.close()

    def _answer(self, command: str, words: str) -> bool:
        if command in ("EHLO", "HELO"):
            self._say(*self._abilities())
        elif command == "STARTTLS" and self._receiver.tls is not None:
            self._say("220 go on")
            self._file.close()
            self._secure()
            self._open()
        elif command == "AUTH":
            self._sign_in(words)
        elif not self._is_known and command in ("MAIL", "RCPT", "DATA"):
            self._say("530 sign in first")
        elif command == "MAIL":
            self._sender = words.partition("<")[2].partition(">")[0]
            self._say("250 ok")
        elif command == "RCPT":
            self._to.append(words.partition("<")[2].partition(">")[0])
            self._say("250 ok")
        elif command == "DATA":
            self._say("354 go on")
            self._keep()
            self._say("250 ok")
        elif command == "QUIT":
            self._say("221 bye")
            return False
        else:
            self._say("250 ok")
        return True

    def _abilities(self) -> list[str]:
        abilities = ["receiver.test"]
        if self._receiver.tls is not None and not self._is_secure:
            abilities.append("STARTTLS")
        if self._receiver.users:
            abilities.append("AUTH PLAIN")
        return [f"250-{each}" for each in abilities] + ["250 HELP"]

    def _sign_in(self, words: str) -> None:
        _, user, password = base64.b64decode(words.split(" ")[-1]).decode().split("\0")
        self._is_known = self._receiver.users.get(user) == password
        self._say("235 welcome" if self._is_known else "535 who are you")

    def _keep(self) -> None:
        lines = []
        while (line := self._file.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        mail = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        self._receiver.mails.append(mail)
        self._receiver.envelopes.append((self._sender, self._to))
        self._receiver.were_secure.append(self._is_secure)
        self._to = []

    def _secure(self) -> None:
        assert self._receiver.tls is not None
        self._connection = self._receiver.tls.wrap_socket(self._connection, server_side=True)
        self._is_secure = True

    def _open(self) -> None:
        self._file = self._connection.makefile("rb")

    def _say(self, *lines: str) -> None:
        self._connection.sendall("".join(f"{line}\r\n" for line in lines).encode())


def certificate(folder: Path, *names: str) -> tuple[ssl.SSLContext, Path]:
    """A TLS context for a server with these names, and the file that makes a client trust it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "receiver.test")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([_name(each) for each in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    trusted, secret = folder / "trusted.pem", folder / "secret.pem"
    trusted.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusted, secret)
    return context, trusted


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


@contextlib.contextmanager
def drip(receiver: WebReceiver) -> Iterator[None]:
    """Let it answer one byte at a time, for as long as anybody listens."""

    def answer(receiver: WebReceiver, handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        while not receiver.closing.wait(0.02):
            handler.wfile.write(b"x")
            handler.wfile.flush()

    receiver.answers.append(answer)
    yield
