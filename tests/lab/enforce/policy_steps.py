# SPDX-License-Identifier: Apache-2.0
"""Steps with a real classifier and its policy: what a browser's user meets."""
import contextlib
import html
import os
import pwd
import re
import subprocess
import threading
import time

import yaml
from lib import processes

OTHER = '10.77.0.3'  # a second station at the inside port
SERVER = '10.77.0.2'
UNSAFE = '198.51.100.7'  # what the resolver has for every name


def expect(condition, text):
    if not condition:
        raise AssertionError(text)


def until(condition, what, seconds=20):
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        expect(time.monotonic() < deadline, f'{what} within {seconds} s')
        threading.Event().wait(0.05)


def write(path, text):
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)
    return path


@contextlib.contextmanager
def running(site, name, command):
    """A server in a namespace, with a log of its name, until the step ends."""
    with open(os.path.join(site.dir, name + '.log'), 'wb') as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(10)


def log_of(site, name):
    with open(os.path.join(site.dir, name + '.log'), encoding='utf-8', errors='replace') as log:
        return log.read()


def attached(site, process):
    expect(process.poll() is None, log_of(site, 'weir-classifier'))
    try:
        return processes.ask(os.path.join(site.dir, 'classifier-0.sock'), {'op': 'status'})['channel']['attached']
    except (FileNotFoundError, ConnectionRefusedError):
        return False


@contextlib.contextmanager
def classifier(site, policy, **settings):
    """A real classifier in the place of the scripted one."""
    write(os.path.join(site.dir, 'current.yaml'), policy)
    write(os.path.join(site.dir, 'current.revision'), '1\n')
    with open(os.path.join(site.dir, 'weir.yaml'), encoding='utf-8') as file:
        text = yaml.safe_load(file)
    root = os.path.realpath(os.path.join(os.path.dirname(__file__), '..', '..', '..'))
    text['classifier'] = {'user': pwd.getpwuid(os.getuid()).pw_name, 'policy': os.path.join(site.dir, 'current.yaml'),
                          'catalogue': os.path.join(root, 'images/overlay/etc/weir/classifier/software.yaml'), **settings}
    text['redis'] = {'socket': os.path.join(site.dir, 'redis.sock')}
    config = write(os.path.join(site.dir, 'classifier.yaml'), yaml.safe_dump(text))
    site.release_channel()
    try:
        with running(site, 'weir-classifier', [os.path.join(site.bin, 'weir-classifier'), '--config', config]) as process:
            until(lambda: attached(site, process), 'the classifier attached')
            yield
    finally:
        site.take_channel()


@contextlib.contextmanager
def second_station(site):
    """A station with a hardware address of its own; gives what runs a command there."""
    name = f'weir-enf-in2-{site.id}'
    ip = ['ip', '-n', site.names['in']]
    for command in (['ip', 'netns', 'add', name],
                    [*ip, 'link', 'add', 'other0', 'link', 'host0', 'type', 'macvlan', 'mode', 'bridge'],
                    [*ip, 'link', 'set', 'other0', 'netns', name],
                    ['ip', '-n', name, 'addr', 'add', OTHER + '/24', 'dev', 'other0'],
                    ['ip', '-n', name, 'link', 'set', 'other0', 'up']):
        subprocess.run(command, check=True, stderr=subprocess.PIPE)
    try:
        yield lambda *command, **options: subprocess.run(['ip', 'netns', 'exec', name, *command], check=False,
                                                         capture_output=True, text=True, timeout=20, **options)
    finally:
        subprocess.run(['ip', 'netns', 'del', name], check=False, stderr=subprocess.DEVNULL)


NGINX = """
daemon off;
pid {dir}/nginx.pid;
error_log {dir}/nginx.error;
events {{}}
http {{
  access_log {dir}/nginx.access;
  client_body_temp_path {dir}; proxy_temp_path {dir}; fastcgi_temp_path {dir}; uwsgi_temp_path {dir}; scgi_temp_path {dir};
  server {{
    listen 80; listen 443 ssl;
    ssl_certificate {dir}/server.pem; ssl_certificate_key {dir}/server.key;
    location / {{ return 200 "shelf $request_uri\\n"; }}
  }}
}}
"""


@contextlib.contextmanager
def nginx(site):
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=shop.test',
                    '-keyout', f'{site.dir}/server.key', '-out', f'{site.dir}/server.pem'], check=True, stderr=subprocess.DEVNULL)
    config = write(os.path.join(site.dir, 'nginx.conf'), NGINX.format(dir=site.dir))
    # Beside its namespace, nginx is this user's: no worker has to change to another one.
    with running(site, 'nginx', ['ip', 'netns', 'exec', site.names['out'], 'nginx', '-c', config, '-e', f'{site.dir}/nginx.error',
                                 '-g', 'user root;']):
        until(lambda: os.path.exists(f'{site.dir}/nginx.pid'), 'nginx did not start\n' + log_of(site, 'nginx'))
        yield


def curl(station, url, *options):
    """(body, status, final URL, exit code) of one request; the name leads to the server without DNS."""
    ran = station('curl', '-sSk', '-m', '10', '--resolve', f'shop.test:80:{SERVER}', '--resolve', f'shop.test:443:{SERVER}',
                  '--resolve', f'free.test:80:{SERVER}', '-w', '|%{http_code} %{url_effective}', *options, url)
    body, _, rest = ran.stdout.rpartition('|')
    status, _, final = rest.partition(' ')
    return body, status, final, ran.returncode


def button(page):
    found = re.search(r'<form method="post" action="([^"]+)">', page)
    expect(found, f'no button in {page!r}')
    return 'http://shop.test' + html.unescape(found[1])


def clicking(site):
    """A page with a button; who clicks goes on, over HTTPS too, and nobody else does."""
    policy = ('weir-policy: 1\nweb:\n  - {rule: think-first, match: {domain: shop.test}, then: continue, for: 1h, '
              'tell_user: "Is it for work?"}\n')
    url = 'http://shop.test/one?two=3'
    with classifier(site, policy), nginx(site), second_station(site) as other:
        expect(curl(site.inside, 'http://free.test/')[1] == '200', 'another name is served')
        page, status, _, _ = curl(site.inside, url)
        expect(status == '403' and 'Is it for work?' in page, f'{status} {page}')
        expect(curl(site.inside, 'https://shop.test/')[3] == 35, 'HTTPS is refused before the click')
        theirs, status, _, _ = curl(other, url)
        expect(status == '403', f'the other station got {status}')
        mine = button(page)
        expect(curl(other, mine, '-d', '')[1] == '403', 'a button of this station clicked by the other one')
        expect(curl(site.inside, mine)[1] == '403', 'GET clicks')
        expect(curl(site.inside, mine.replace('&to=', '0&to='), '-d', '')[1] == '403', 'a token that was made up clicks')
        body, status, final, _ = curl(site.inside, mine, '-L', '-d', '')
        expect((body, status, final) == ('shelf /one?two=3\n', '200', url), f'after the click: {status} {final} {body!r}')
        print(f'    the click led to {final}, {status}')
        expect(curl(site.inside, 'http://shop.test/else')[:2] == ('shelf /else\n', '200'), 'the rest of the site')
        body, status, _, code = curl(site.inside, 'https://shop.test/safe')
        expect((body, status) == ('shelf /safe\n', '200'), f'HTTPS after the click: {code} {status} {body!r}')
        expect(curl(other, url)[1] == '403' and curl(other, 'https://shop.test/')[3] == 35, 'the other station is still asked')
        expect(curl(other, button(theirs), '-L', '-d', '')[1] == '200', 'its own button works')
        with open(f'{site.dir}/nginx.access', encoding='utf-8') as log:
            asked = log.read()
        expect('well-known' not in asked, f'the server was shown a click: {asked}')
        print('    HTTPS: refused before, served after; the other station: refused until it clicked itself')


@contextlib.contextmanager
def dnsmasq(site):
    """A resolver that has one address for everything, and says who asked for what."""
    with running(site, 'dnsmasq', ['ip', 'netns', 'exec', site.names['out'], 'dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null',
                                   '--no-resolv', '--no-hosts', '--user=root', '--bind-interfaces', f'--listen-address={SERVER}',
                                   '--except-interface=lo', f'--pid-file={site.dir}/dnsmasq.pid', '--log-queries',
                                   '--log-facility=-', f'--address=/#/{UNSAFE}']):
        until(lambda: os.path.exists(f'{site.dir}/dnsmasq.pid'), 'dnsmasq started')
        yield


def dig(station, name, *options):
    """(status, answers as "TYPE data", all that dig said)."""
    ran = station('dig', f'@{SERVER}', '+tries=1', '+time=5', name, *options)
    status = re.search(r'status: (\w+)', ran.stdout)
    section = re.search(r';; ANSWER SECTION:\n(.*?)\n\n', ran.stdout, re.S)
    records = [line.split(None, 4) for line in section[1].splitlines()] if section else []
    return status and status[1], [f'{record[3]} {record[4]}' for record in records], ran.stdout


def looked_up(site, name):
    """What glibc makes of the name for a program: its addresses."""
    resolv = write(os.path.join(site.dir, 'resolv.conf'), f'nameserver {SERVER}\noptions timeout:5 attempts:1\n')
    nsswitch = write(os.path.join(site.dir, 'nsswitch.conf'), 'hosts: dns\n')
    ran = site.inside('unshare', '-m', 'sh', '-c', f'mount --bind {resolv} /etc/resolv.conf && mount --bind {nsswitch} '
                      f'/etc/nsswitch.conf && getent ahosts {name}', timeout=20)
    return sorted({line.split()[0] for line in ran.stdout.splitlines()})


def safe_search(site):
    """dig and glibc get the safe names of search engines from a resolver that has others; nothing else changes."""
    policy = ('weir-policy: 1\ngroups: {pupils: {hosts: [10.77.0.1]}}\nweb:\n'
              '  - {rule: safe, who: pupils, then: safe_search, youtube: moderate}\n')
    root = os.path.realpath(os.path.join(os.path.dirname(__file__), '..', '..', '..'))
    with open(os.path.join(root, 'images/overlay/etc/weir/classifier/safe_search.yaml'), encoding='utf-8') as shipped:
        names = shipped.read()
    os.makedirs(f'{site.dir}/files', exist_ok=True)
    file = write(f'{site.dir}/files/safe_search.yaml', names)
    google = ['CNAME forcesafesearch.google.com.', 'A 216.239.38.120']
    with classifier(site, policy, safe_search=file), dnsmasq(site), second_station(site) as other:
        status, records, said = dig(site.inside, 'www.google.com', 'A')
        expect((status, records) == ('NOERROR', google), said)
        expect('EDE: 4 (Forged Answer)' in said, f'the answer does not say that it is none of the resolver:\n{said}')
        expect(dig(site.inside, 'www.google.co.uk', 'A', '+noedns')[:2] == ('NOERROR', google), 'a question without EDNS')
        expect(dig(site.inside, 'www.google.de', 'AAAA')[1] == [google[0], 'AAAA 2001:4860:4802:32::78'], 'AAAA')
        expect(dig(site.inside, 'www.google.com', 'TYPE65')[:2] == ('NOERROR', []), 'a question for HTTPS records has no data')
        expect(len(dig(site.inside, 'www.google.com', 'ANY', '+notcp')[1]) == 3, 'ANY has the alias and both addresses')
        expect(dig(site.inside, 'www.youtube.com', 'A')[1] == ['CNAME restrictmoderate.youtube.com.', 'A 216.239.38.119'], 'YouTube')
        expect(dig(site.inside, 'duckduckgo.com', 'A')[:2] == ('NOERROR', ['CNAME safe.duckduckgo.com.']), 'no fixed addresses')
        for name in ('mail.google.com', 'www.site.test', 'google.com'):
            expect(dig(site.inside, name, 'A')[1] == [f'A {UNSAFE}'], f'{name} is not the resolver\'s')
        expect(dig(other, 'www.google.com', 'A')[1] == [f'A {UNSAFE}'], 'another group is under safe search')
        expect(dig(site.inside, 'www.google.com', 'A', '+tcp')[0] is None, 'an unsafe answer over TCP')
        found = looked_up(site, 'www.google.com')
        expect(found == ['2001:4860:4802:32::78', '216.239.38.120'], f'glibc found {found}')
        print(f'    dig: {records}, glibc: {found}')
        asked = [line for line in log_of(site, 'dnsmasq').splitlines() if 'query' in line and 'www.google.' in line]
        expect(asked and all(line.endswith(f'from {OTHER}') for line in asked), f'the resolver was asked: {asked}')
        write(file, names.replace('216.239.38.120, "2001', '192.0.2.120, "2001'))
        until(lambda: dig(site.inside, 'www.google.com', 'A')[1] == [google[0], 'A 192.0.2.120'], 'the edited file was taken up')
        write(file, names.replace('engine: google', 'engine: Google!'))
        until(lambda: f'{file}:' in log_of(site, 'weir-classifier'), 'the mistake was said')
        expect(dig(site.inside, 'www.google.com', 'A')[1] == [google[0], 'A 192.0.2.120'], 'the file before stays in force')
        print('    an edited file was taken up, one with a mistake was not')
