# SPDX-License-Identifier: Apache-2.0
"""The servers of the step category_fetch: nginx with TLS by an authority of its own, and behind it one that behaves badly."""
import os
import socket
import socketserver
import subprocess
import threading
import time

DEADLINE_S = 30
CONF = '''daemon off; master_process off; pid {home}/nginx.pid; error_log {home}/nginx.log;
events {{ worker_connections 64; }}
http {{
  access_log {home}/access.log;
  client_body_temp_path {home}/t1; proxy_temp_path {home}/t2; fastcgi_temp_path {home}/t3; uwsgi_temp_path {home}/t4; scgi_temp_path {home}/t5;
  default_type text/plain; types {{ text/html html; application/gzip gz; }}
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {home}/server.pem; ssl_certificate_key {home}/server.key;
    root {home}/web;
    location = /moved {{ return 302 /lists/bets.txt; }}
    location = /loop {{ return 302 /loop; }}
    location = /to-http {{ return 302 http://127.0.0.1:{plain_port}/lists/bets.txt; }}
    location = /to-file {{ return 302 file:///etc/passwd; }}
    location = /broken {{ return 500; }}
    location /bad/ {{ proxy_pass http://unix:{home}/bad.sock; proxy_buffering off; proxy_http_version 1.1; }}
  }}
  server {{ listen 127.0.0.1:{plain_port}; root {home}/web; }}
}}
'''


def free_ports(count):
    """Of the loopback, told apart by holding them all at once."""
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(('127.0.0.1', 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def make_certificates(home):
    def openssl(*words):
        subprocess.run(['openssl', *words], cwd=home, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    key = ('-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes')
    openssl('req', '-x509', *key, '-days', '2', '-subj', '/CN=The lists\' authority', '-keyout', 'ca.key', '-out', 'ca.pem')
    openssl('req', *key, '-subj', '/CN=lists', '-keyout', 'server.key', '-out', 'server.csr')
    with open(os.path.join(home, 'names'), 'w', encoding='utf-8') as out:
        out.write('subjectAltName=IP:127.0.0.1')
    openssl('x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2',
            '-extfile', 'names', '-out', 'server.pem')


class Bad(socketserver.StreamRequestHandler):
    """What no well-kept server does. nginx passes it on as it comes."""

    def handle(self):
        path = self.rfile.readline().split(b' ')[1].decode()
        while self.rfile.readline().strip():
            pass
        try:
            getattr(self, path.rsplit('/', 1)[1].replace('-', '_'))()
        except OSError:
            pass  # weirctl has had enough

    def say(self, head, body=b''):
        self.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n' + head + b'\r\n' + body)

    def truncated(self):
        self.say(b'Content-Length: 100000\r\n', b'half.example\n' * 10)

    def endless(self):
        self.say(b'Transfer-Encoding: chunked\r\n')
        line = b'x.example\n' * 1000
        while True:
            self.wfile.write(b'%x\r\n%s\r\n' % (len(line), line))

    def hangs(self):
        self.rfile.read()

    def drips(self):
        self.say(b'Content-Length: 100000\r\n')
        for letter in b'x.example\n' * 10:
            self.wfile.write(bytes([letter]))
            self.server.ended.wait(0.2)

    def no_validators(self):
        self.say(b'Content-Length: 24\r\nConnection: close\r\n', b'bet.example\nbet2.example'[:24])


class BadServer(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def __init__(self, path):
        super().__init__(path, Bad)
        self.ended = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Servers:
    def __init__(self, home):
        self.home = home
        self.port, self.plain_port, self.no_port = free_ports(3)
        os.makedirs(os.path.join(home, 'web', 'lists'))
        make_certificates(home)
        self.bad = BadServer(os.path.join(home, 'bad.sock'))
        conf = os.path.join(home, 'nginx.conf')
        with open(conf, 'w', encoding='utf-8') as out:
            out.write(CONF.format(home=home, port=self.port, plain_port=self.plain_port))
        self.nginx = subprocess.Popen(['nginx', '-p', home, '-c', conf], stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + DEADLINE_S
        while not self.listens():
            if time.monotonic() > deadline or self.nginx.poll() is not None:
                raise SystemExit('category_fetch: error: nginx does not listen')
            time.sleep(0.02)

    def listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(('127.0.0.1', self.plain_port)) == 0

    def url(self, path):
        return f'https://127.0.0.1:{self.port}/{path}'

    def put(self, path, content):
        """Another file in the place of the one before, so that the server has another ETag for it."""
        whole = os.path.join(self.home, 'web', path)
        os.makedirs(os.path.dirname(whole), exist_ok=True)
        with open(whole + '.new', 'wb') as out:
            out.write(content if isinstance(content, bytes) else content.encode())
        os.rename(whole + '.new', whole)

    def answers(self, path):
        """The status codes that nginx has given for a path, oldest first."""
        with open(os.path.join(self.home, 'access.log'), encoding='utf-8') as log:
            return [int(line.split('"')[2].split()[0]) for line in log if f' /{path} ' in line]

    def end(self):
        self.bad.ended.set()
        self.bad.shutdown()
        self.nginx.terminate()
        self.nginx.wait(10)
