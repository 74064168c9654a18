# SPDX-License-Identifier: Apache-2.0
"""Receivers of notifications for tests: a mail server, a web server that checks signatures, rsyslogd. On 127.0.0.1, with
ports that the kernel chose and certificates of an authority of their own."""
import asyncio
import email
import email.policy
import hashlib
import hmac
import http.server
import json
import logging
import os
import socket
import ssl
import subprocess
import threading
import time

from aiosmtpd.smtp import SMTP, AuthResult

logging.getLogger('mail').setLevel(logging.ERROR)  # aiosmtpd warns of its own older parts
DEADLINE_S = 30
HANG_S = 20  # a receiver that is slow answers later than any timeout of the test


def until(what, holds, said=lambda: ''):
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f'not in time: {what} {said()}')
        time.sleep(0.02)


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as one:
        one.bind(('127.0.0.1', 0))
        return one.getsockname()[1]


class Authority:
    """Signs a certificate for 127.0.0.1."""

    def __init__(self, home):
        self.file = os.path.join(home, 'ca.pem')
        self.chain = os.path.join(home, 'server.pem')
        key, request, extra = (os.path.join(home, name) for name in ('server.key', 'server.csr', 'server.ext'))
        with open(extra, 'w', encoding='utf-8') as out:
            out.write('subjectAltName=IP:127.0.0.1\n')

        def openssl(*words):
            subprocess.run(['openssl', *words], check=True, capture_output=True)
        openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=test',
                '-keyout', self.file + '.key', '-out', self.file)
        openssl('req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=127.0.0.1',
                '-keyout', key, '-out', request)
        openssl('x509', '-req', '-in', request, '-CA', self.file, '-CAkey', self.file + '.key', '-days', '2', '-extfile', extra,
                '-out', self.chain)
        with open(self.chain, 'a', encoding='utf-8') as out, open(key, encoding='utf-8') as found:
            out.write(found.read())

    def context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain)
        return context


class MailServer:
    """Takes mail over STARTTLS from who logs in as `user`; `answers` are given before 250, one a message."""

    def __init__(self, authority, user, password):
        self.messages, self.answers, self.logins = [], [], []
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

        def login(_server, _session, _envelope, _mechanism, data):
            good = (data.login, data.password) == (user.encode(), password.encode())
            self.logins.append(good)
            return AuthResult(success=good)

        def session():
            return SMTP(self, hostname='mail.test', tls_context=authority.context(), require_starttls=True, auth_required=True,
                        authenticator=login)
        starting = asyncio.run_coroutine_threadsafe(self.loop.create_server(session, '127.0.0.1', 0), self.loop)
        self.server = starting.result(DEADLINE_S)
        self.port = self.server.sockets[0].getsockname()[1]

    async def handle_DATA(self, _server, _session, envelope):
        if self.answers:
            return self.answers.pop(0)
        self.messages.append((list(envelope.rcpt_tos), email.message_from_bytes(envelope.content, policy=email.policy.default)))
        return '250 taken'

    def end(self):
        self.loop.call_soon_threadsafe(self.server.close)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(DEADLINE_S)


class WebServer:
    """Each path is a receiver: `answers[path]` are given first, one a request ("hang": none within the timeout), then 204."""

    def __init__(self, authority, secret, port=0):
        self.requests, self.answers, self.wrong = [], {}, []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def do_POST(self):
                body = self.rfile.read(int(self.headers['Content-Length']))
                stamp = self.headers['X-Weir-Timestamp']
                good = 'sha256=' + hmac.new(secret.encode(), stamp.encode() + b'.' + body, hashlib.sha256).hexdigest()
                if not hmac.compare_digest(good, self.headers['X-Weir-Signature']) or abs(time.time() - int(stamp)) > 60:
                    outer.wrong.append(self.path)
                answers = outer.answers.get(self.path, [])
                answer = answers.pop(0) if answers else 204
                outer.requests.append((self.path, self.headers['Idempotency-Key'], json.loads(body), answer))
                if answer == 'hang':
                    outer.ended.wait(HANG_S)
                    return
                self.send_response(answer)
                self.send_header('Content-Length', '0')
                self.end_headers()

            def log_message(self, *_words):
                pass

        self.ended = threading.Event()
        http.server.ThreadingHTTPServer.allow_reuse_address = True
        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', port), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # clients that give up are what the test is about
        self.server.socket = authority.context().wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={'poll_interval': 0.05}, daemon=True).start()

    def of(self, path, taken=True):
        """What came for a path; by its key, of what was taken."""
        found = [(key, body) for to, key, body, answer in list(self.requests) if to == path and (answer == 204 or not taken)]
        return dict(found) if taken else found

    def end(self):
        self.ended.set()
        self.server.shutdown()
        self.server.server_close()


class Rsyslog:
    """rsyslogd with a UDP, a TCP and a local input, each into a file as it came."""

    def __init__(self, home):
        self.home = os.path.join(home, 'rsyslog')
        os.mkdir(self.home)
        self.udp, self.tcp, self.local = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_STREAM), os.path.join(self.home, 'log')
        config = os.path.join(self.home, 'rsyslog.conf')
        with open(config, 'w', encoding='utf-8') as out:
            out.write(f'''global(workDirectory="{self.home}" maxMessageSize="8k")
module(load="imudp") module(load="imtcp") module(load="imuxsock" SysSock.Use="off")
template(name="fields" type="string" string="%protocol-version%|%syslogseverity%|%syslogfacility%|%hostname%|%programname%|%structured-data%|%msg%\\n")
ruleset(name="udp") {{ action(type="omfile" file="{self.home}/udp.txt" template="fields") }}
ruleset(name="tcp") {{ action(type="omfile" file="{self.home}/tcp.txt" template="fields") }}
ruleset(name="local") {{ action(type="omfile" file="{self.home}/local.txt" template="fields") }}
input(type="imudp" address="127.0.0.1" port="{self.udp}" ruleset="udp")
input(type="imtcp" address="127.0.0.1" port="{self.tcp}" ruleset="tcp")
input(type="imuxsock" Socket="{self.local}" CreatePath="off" ruleset="local")
''')
        self.process = subprocess.Popen(['rsyslogd', '-n', '-f', config, '-i', os.path.join(self.home, 'pid')],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until('rsyslogd', lambda: os.path.exists(self.local))

    def lines(self, name):
        try:
            with open(os.path.join(self.home, name + '.txt'), encoding='utf-8') as file:
                return [line.rstrip('\n').split('|', 6) for line in file]
        except FileNotFoundError:
            return []

    def end(self):
        self.process.terminate()
        self.process.wait(DEADLINE_S)
