# SPDX-License-Identifier: Apache-2.0
"""A real slapd on loopback with a database, certificates and an authority of its own, and servers that only pretend."""
import datetime
import ipaddress
import os
import socket
import subprocess
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

SUFFIX = 'dc=example,dc=lan'
SCHEMAS = ('core', 'cosine', 'nis', 'inetorgperson')
DEADLINE_S = 30


def free_port(address='127.0.0.1'):
    with socket.socket() as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


def write(path, data, mode=0o600):
    with open(path, 'wb' if isinstance(data, bytes) else 'w') as out:
        out.write(data)
    os.chmod(path, mode)
    return path


class Authority:
    """Signs certificates for 127.0.0.1. (libldap takes `localhost` for the name of the machine.)"""

    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self.sign(self.subject, self.key.public_key(), True)
        self.file = write(os.path.join(folder, name + '.pem'), self.certificate.public_bytes(serialization.Encoding.PEM))

    def sign(self, subject, key, is_authority):
        now = datetime.datetime.utcnow()
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(self.subject).public_key(key)
                   .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
                   .not_valid_after(now + datetime.timedelta(days=2))
                   .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True))
        if not is_authority:
            names = [x509.IPAddress(ipaddress.ip_address('127.0.0.1'))]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def server_files(self):
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, 'directory')])
        certificate = self.sign(name, key.public_key(), False)
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return (write(os.path.join(self.folder, 'server.pem'), certificate.public_bytes(serialization.Encoding.PEM)),
                write(os.path.join(self.folder, 'server.key'), pem))


class Slapd:
    """`weir` may read everything, `small` so few entries that it cannot be all; nobody else anything."""

    def __init__(self, folder, authority=None, entries=''):
        self.folder, self.authority = folder, authority
        os.makedirs(os.path.join(folder, 'db'))
        self.port, self.tls_port = free_port(), free_port()
        tls = ''
        if authority:
            certificate, key = authority.server_files()
            tls = f'TLSCACertificateFile {authority.file}\nTLSCertificateFile {certificate}\nTLSCertificateKeyFile {key}\n'
        self.config = write(os.path.join(folder, 'slapd.conf'), ''.join(
            f'include /etc/ldap/schema/{name}.schema\n' for name in SCHEMAS) + f'''
pidfile {folder}/slapd.pid
modulepath /usr/lib/ldap
moduleload back_mdb
{tls}
database mdb
suffix "{SUFFIX}"
rootdn "cn=admin,{SUFFIX}"
rootpw admin
directory {folder}/db
maxsize 67108864
limits dn.exact="cn=small,{SUFFIX}" size.soft=10 size.hard=10 size.pr=5 size.prtotal=10
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="cn=weir,{SUFFIX}" read by dn.exact="cn=small,{SUFFIX}" read by * none
''')
        self.run('slapadd', '-f', self.config, '-q', given=entries or self.accounts())
        urls = f'ldap://127.0.0.1:{self.port}/ ldap://127.0.0.2:{self.port}/'
        if authority:
            urls += f' ldaps://127.0.0.1:{self.tls_port}/'
        self.log = open(os.path.join(folder, 'log'), 'wb')
        self.process = subprocess.Popen(['/usr/sbin/slapd', '-f', self.config, '-h', urls, '-d', '0'], stdout=self.log,
                                        stderr=subprocess.STDOUT)
        self.wait()

    @staticmethod
    def accounts():
        entry = 'dn: {0}\nobjectClass: {1}\n'
        text = entry.format(SUFFIX, 'dcObject') + 'objectClass: organization\no: example\ndc: example\n\n'
        for name in ('weir', 'small'):
            text += entry.format(f'cn={name},{SUFFIX}', 'applicationProcess') + f'objectClass: simpleSecurityObject\n' \
                    f'cn: {name}\nuserPassword: secret-of-{name}\n\n'
        return text

    @staticmethod
    def run(*words, given=''):
        done = subprocess.run(words, input=given, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
        if done.returncode != 0:
            raise RuntimeError(f'{words[0]}: {done.stdout}{done.stderr}')

    def wait(self):
        deadline = time.monotonic() + DEADLINE_S
        while True:
            try:
                socket.create_connection(('127.0.0.1', self.port), 1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    with open(self.log.name, encoding='utf-8', errors='replace') as log:
                        raise RuntimeError(f'slapd does not answer: {log.read()[-500:]}') from None
                time.sleep(0.02)

    def modify(self, ldif):
        environment = {**os.environ, 'LDAPTLS_CACERT': self.authority.file}
        done = subprocess.run(['ldapmodify', '-H', f'ldap://127.0.0.1:{self.port}', '-ZZ', '-x', '-D', f'cn=admin,{SUFFIX}', '-w',
                               'admin'], input=ldif, capture_output=True, text=True, timeout=DEADLINE_S, check=False, env=environment)
        if done.returncode != 0:
            raise RuntimeError(f'ldapmodify: {done.stderr}')

    def end(self):
        self.process.terminate()
        self.process.wait(DEADLINE_S)
        self.log.close()


class Pretender:
    """Takes connections, remembers what came, answers the first message with `answer` and nothing else."""

    def __init__(self, answer=b''):
        self.answer, self.got = answer, b''
        self.socket = socket.create_server(('127.0.0.1', 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(connection,), daemon=True).start()

    def talk(self, connection):
        first = True
        with connection:
            while True:
                data = connection.recv(4096)
                if not data:
                    return
                self.got += data
                if first and self.answer:
                    connection.sendall(self.answer)
                first = False

    def end(self):
        self.socket.close()


def extended_response(code):
    """To message 1 (RFC 4511 section 4.12)."""
    body = b'\x02\x01\x01' + b'\x78' + bytes([7]) + b'\x0a\x01' + bytes([code]) + b'\x04\x00' + b'\x04\x00'
    return b'\x30' + bytes([len(body)]) + body
