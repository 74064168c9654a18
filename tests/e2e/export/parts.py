# SPDX-License-Identifier: Apache-2.0
"""What the test of the outputs is made of: Redis with the shipped ACL, receivers of Debian, and the events themselves."""
import contextlib
import hashlib
import os
import socket
import struct
import subprocess
import sys
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
DEADLINE_S = 30


def wait_for(what, condition, seconds=DEADLINE_S):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f'export: error: {what}: not within {seconds} s')
        select_nothing(0.02)


def select_nothing(seconds):
    threading.Event().wait(seconds)


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as one:
        one.bind(('127.0.0.1', 0))
        return one.getsockname()[1]


def fields(data):
    """(number, value) of a serialised message: integers of varints and fixed64, bytes of what has a length."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                return value
    while at < len(data):
        key = varint()
        kind = key & 7
        if kind == 0:
            yield key >> 3, varint()
        elif kind == 1:
            yield key >> 3, struct.unpack_from('<Q', data, at)[0]
            at += 8
        else:
            size = varint()
            yield key >> 3, data[at:at + size]
            at += size


class Event:
    """What the test asks of a FlowEvent (numbers of policy/model/flow_event.proto)."""

    def __init__(self, payload):
        self.hits, self.tags, self.counters = 0, 0, {}
        self.final, self.flow, self.blocked = False, '', 0
        for number, value in fields(payload):
            if number == 2:
                self.final = value == 3
            elif number == 4:
                self.flow = value.decode()
            elif number in (15, 82) and value:
                self.tags += 1
            elif number == 20:
                self.counters = dict(fields(value))
            elif number == 54:
                self.hits += 1

    def packets(self):
        return self.counters.get(1, 0) + self.counters.get(2, 0)

    def octets(self):
        """Of IP, both directions: without Ethernet header and VLAN tags."""
        around = 14 + 4 * self.tags
        return sum(max(self.counters.get(b, 0) - self.counters.get(p, 0) * around, 0) for p, b in ((1, 3), (2, 4)))


class Redis:
    """A server of the test's own with the users that are shipped."""
    USERS = ('CLASSIFIER', 'ENGINE', 'READER', 'EXPORT')

    def __init__(self, folder):
        self.socket = os.path.join(folder, 'redis.sock')
        self.password = os.path.join(folder, 'password')
        with open(self.password, 'w', encoding='utf-8') as out:
            out.write('secret\n')
        with open(os.path.join(ROOT, 'images/overlay/etc/weir/redis/users.acl.in'), encoding='utf-8') as file:
            acl = file.read()
        for user in self.USERS:
            acl = acl.replace(f'@{user}_SHA256@', hashlib.sha256(b'secret').hexdigest())
        with open(os.path.join(folder, 'users.acl'), 'w', encoding='utf-8') as out:
            out.write(acl)
        self.process = subprocess.Popen(['redis-server', '--port', '0', '--unixsocket', self.socket, '--unixsocketperm', '777', '--save', '',
                                         '--dir', folder, '--aclfile', os.path.join(folder, 'users.acl')], stdout=subprocess.DEVNULL)
        wait_for('redis-server', lambda: os.path.exists(self.socket))

    @contextlib.contextmanager
    def link(self, user):
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(DEADLINE_S)
            link.connect(self.socket)
            answers = link.makefile('rb')

            def command(*words):
                words = [w if isinstance(w, bytes) else str(w).encode() for w in words]
                link.sendall(b'*%d\r\n' % len(words) + b''.join(b'$%d\r\n%s\r\n' % (len(w), w) for w in words))
                return self.answer(answers)
            command('AUTH', user, 'secret')
            yield command

    def answer(self, answers):
        head = answers.readline()
        kind, rest = head[:1], head[1:-2]
        if kind == b'-':
            sys.exit(f'export: error: Redis says {head!r}')
        if kind == b'*':
            return [self.answer(answers) for _ in range(int(rest))]
        if kind == b'$':
            return answers.read(int(rest) + 2)[:-2] if int(rest) >= 0 else None
        return int(rest) if kind == b':' else rest

    def publish(self, payloads):
        with self.link('weir-classifier') as command:
            for payload in payloads:
                command('XADD', 'weir:flows:0', '*', 'e', payload)

    def groups(self):
        """Group: (entries not read yet, entries not acknowledged)."""
        with self.link('weir-export') as command:
            rows = [dict(zip(row[::2], row[1::2])) for row in command('XINFO', 'GROUPS', 'weir:flows:0')]
        return {row[b'name'].decode(): (row[b'lag'], row[b'pending']) for row in rows}

    def all_sent(self, names):
        groups = self.groups()
        return all(groups.get(f'weir-export-{name}') == (0, 0) for name in names)

    def end(self):
        self.process.terminate()
        self.process.wait(DEADLINE_S)


class Relay:
    """Takes IPFIX over TCP and hands each message to nfcapd, which takes datagrams alone."""

    def __init__(self, port):
        self.port, self.messages = port, 0
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.own_port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            link, _ = self.listener.accept()
            with link, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
                stream = link.makefile('rb')
                while head := stream.read(16):
                    version, size = struct.unpack('>HH', head[:4])
                    if version != 10:
                        sys.exit('export: error: no IPFIX over TCP')
                    out.sendto(head + stream.read(size - 16), ('127.0.0.1', self.port))
                    self.messages += 1


RSYSLOG = '''global(workDirectory="{home}" defaultNetstreamDriverCAFile="{home}/ca.pem" defaultNetstreamDriverCertFile="{home}/server.pem"
       defaultNetstreamDriverKeyFile="{home}/server.key" maxMessageSize="64k")
module(load="imudp") module(load="imptcp") module(load="imtcp" streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="anon")
template(name="parts" type="list" option.jsonf="on") {{
  property(outname="host" name="hostname" format="jsonf") property(outname="app" name="app-name" format="jsonf")
  property(outname="id" name="msgid" format="jsonf") property(outname="pri" name="pri" format="jsonf")
  property(outname="time" name="timereported" dateFormat="rfc3339" format="jsonf")
  property(outname="data" name="structured-data" format="jsonf") property(outname="text" name="msg" format="jsonf")
}}
ruleset(name="udp") {{ action(type="omfile" file="{home}/udp.json" template="parts") }}
ruleset(name="tcp") {{ action(type="omfile" file="{home}/tcp.json" template="parts") }}
ruleset(name="tls") {{ action(type="omfile" file="{home}/tls.json" template="parts") }}
input(type="imudp" address="127.0.0.1" port="{udp}" ruleset="udp" rcvbufSize="4m")
input(type="imptcp" address="127.0.0.1" port="{tcp}" ruleset="tcp")
input(type="imtcp" address="127.0.0.1" port="{tls}" ruleset="tls")
'''


def certificates(home):
    """An authority, a server's certificate for localhost, and another authority that signed nothing."""
    def openssl(*words):
        subprocess.run(['openssl', *words], cwd=home, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for name in ('ca', 'stranger'):
        openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', f'{name}.key', '-out', f'{name}.pem',
                '-days', '2', '-subj', f'/CN={name}')
    openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=localhost')
    with open(os.path.join(home, 'names'), 'w', encoding='utf-8') as out:
        out.write('subjectAltName=DNS:localhost')
    openssl('x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-out', 'server.pem', '-days', '2',
            '-extfile', 'names')


class Rsyslog:
    def __init__(self, home, ports):
        self.home, self.ports, self.process = home, ports, None
        with open(os.path.join(home, 'rsyslog.conf'), 'w', encoding='utf-8') as out:
            out.write(RSYSLOG.format(home=home, **ports))

    def start(self):
        self.process = subprocess.Popen(['rsyslogd', '-n', '-f', os.path.join(self.home, 'rsyslog.conf'), '-i', os.path.join(self.home, 'rsyslog.pid')],
                                        stderr=subprocess.DEVNULL)

        def listens():
            with contextlib.suppress(OSError), socket.create_connection(('127.0.0.1', self.ports['tls']), 1), \
                    socket.create_connection(('127.0.0.1', self.ports['tcp']), 1):
                return True
            return False
        wait_for('rsyslogd', listens)

    def end(self):
        self.process.terminate()
        self.process.wait(DEADLINE_S)


class Nfcapd:
    def __init__(self, home, name):
        self.folder = os.path.join(home, name)
        os.makedirs(self.folder)
        self.port = free_port(socket.SOCK_DGRAM)
        self.process = subprocess.Popen(['nfcapd', '-b', '127.0.0.1', '-p', str(self.port), '-w', self.folder, '-t', '3600', '-B', '4000000'],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for('nfcapd', self.listens)

    def listens(self):
        with open('/proc/net/udp', encoding='ascii') as file:
            return any(f':{self.port:04X} ' in line for line in file)

    def end(self):
        self.process.terminate()
        self.process.wait(DEADLINE_S)

    def flows(self):
        """Rows of nfdump: what a collector has understood."""
        form = 'fmt:%ts;%te;%pr;%sa;%sp;%da;%dp;%pkt;%byt;%opkt;%obyt;%svln'
        done = subprocess.run(['nfdump', '-6', '-q', '-N', '-R', self.folder, '-o', form], check=True, stdout=subprocess.PIPE, text=True)
        return [[part.strip() for part in line.split(';')] for line in done.stdout.splitlines() if line.count(';') == 11]
