# SPDX-License-Identifier: Apache-2.0
"""Starts a real data plane in replay and a real (or no, or a stalled) classifier, and feeds them."""
import array
import json
import os
import pwd
import shutil
import socket
import subprocess
import threading
import time

import yaml

from . import frames, payloads
from .scripted_classifier import ScriptedClassifier

SETTINGS = {
    'weir': 1,
    'pairs': [{'name': 'lan-wan', 'inside': 'net_null0', 'outside': 'net_null1', 'block': 'reset'}],
    'memory': {'hugepages': 'off'},
}
CLASSIFIER_CAUSES = {'policy-missing', 'stream-undecidable', 'parser-error', 'redis-away'}
PATIENCE_S = 120
RUN_S = 900  # of a whole replay; generous, for sanitizers on a busy machine
ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), '../../..'))
CATALOGUE = os.path.join(ROOT, 'images/overlay/etc/weir/classifier/software.yaml')
SAFE_SEARCH = os.path.join(ROOT, 'images/overlay/etc/weir/classifier/safe_search.yaml')


class Failed(Exception):
    """The programs did not do their part; the text says which and shows what they said."""


def merged(base, extra):
    out = dict(base)
    for key, value in (extra or {}).items():
        if isinstance(value, dict) and isinstance(out.get(key), dict):
            value = merged(out[key], value)
        elif key == 'pairs' and isinstance(value, list):
            value = [merged(base['pairs'][0], pair) for pair in value]
        out[key] = value
    return out


def ask(path, request):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(path)
        connection.sendall(json.dumps(request).encode() + b'\n')
        with connection.makefile('rb') as reply:
            return json.loads(reply.readline())


def until(condition, what):
    """Polls; the deadline is generous since the machine may be busy."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failed(f'{what} did not happen within {PATIENCE_S} s')
        threading.Event().wait(0.01)


class StalledClassifier:
    """Attaches as a classifier does and then never reads."""

    def __init__(self, path, check_alive):
        def connected():
            check_alive('weir-dataplane')
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(path)
                return connection
            except OSError:
                connection.close()
                return None
        self.connection = until(connected, 'listening of the data plane')
        _, control, _, _ = self.connection.recvmsg(1, socket.CMSG_SPACE(3 * 4))
        self.fds = array.array('i', control[0][2])

    def close(self):
        for fd in self.fds:
            os.close(fd)
        self.connection.close()


class Replay:
    def __init__(self, bin_dir, directory, scenario):
        self.bin, self.dir, self.scenario = bin_dir, directory, scenario
        self.mode = scenario.get('classifier', 'real')  # real | daemon | none | stalled
        self.processes = {}

    def path(self, name):
        return os.path.join(self.dir, name)

    def start(self, name, command, **options):
        environment = dict(os.environ)
        if name == 'weir-classifier':  # a leak check at its end opens /proc, which its Landlock rules forbid
            given = os.environ.get('ASAN_OPTIONS')
            environment['ASAN_OPTIONS'] = f'{given}:detect_leaks=0' if given else 'detect_leaks=0'
        with open(self.path(name + '.log'), 'wb') as log:
            process = subprocess.Popen(command, stderr=log, stdin=subprocess.DEVNULL, env=environment, **options)
        self.processes[name] = process

    def check_alive(self, name):
        code = self.processes[name].poll()
        if code is not None:
            raise Failed(f'{name} ended early with code {code}\n{self.log(name)}')

    def log(self, name):
        with open(self.path(name + '.log'), encoding='utf-8', errors='replace') as log:
            return ''.join(f'    {name}: {line}' for line in log.readlines()[-15:])

    def write_policy(self, text, revision):
        for name, content in (('current.revision', f'{revision}\n'), ('current.yaml', text)):
            with open(self.path(name + '.new'), 'w', encoding='utf-8') as file:
                file.write(content)
            os.rename(self.path(name + '.new'), self.path(name))

    def begin_canary(self, group, revision):
        """The policy that is written next is for one group, the present one for all others, as weirctl says it."""
        shutil.copyfile(self.path('current.yaml'), self.path(f'revision-{revision - 1}.yaml'))
        with open('/proc/sys/kernel/random/boot_id', encoding='ascii') as file:
            boot = file.read().strip()
        deadline = time.clock_gettime_ns(time.CLOCK_BOOTTIME) + 3600 * 10**9
        with open(self.path('pending'), 'w', encoding='ascii') as file:
            file.write(f'{revision} {revision - 1} {deadline} {boot} promote {group}\n')

    def write_signatures(self, text):
        with open(self.path('classifier/new'), 'w', encoding='utf-8') as file:
            file.write(text)
        os.rename(self.path('classifier/new'), self.path('classifier/signatures.yaml'))

    def edit_signatures(self, text):
        """As an operator does it: nobody is told, the classifier sees that the file has changed."""
        def attempts():
            files = ask(self.path('classifier-0.sock'), {'op': 'status'})['files']
            return sum(file['loads'] + file['refusals'] for file in files if file['name'] == 'signatures')
        before = attempts()
        self.write_signatures(text)
        until(lambda: attempts() > before, 'taking up the signatures')

    def run(self, packets):
        """Returns the classifier's events as bytes."""
        with open(self.path('weir.yaml'), 'w', encoding='utf-8') as file:
            yaml.safe_dump(self.settings(), file)
        self.write_policy(self.scenario.get('policy', 'weir-policy: 1\n'), 1)
        os.mkdir(self.path('classifier'))
        self.write_signatures(self.scenario.get('signatures', 'weir-signatures: 1\nsignatures: []\n'))
        reloads = any(isinstance(packet, tuple) for packet in packets)
        self.write_captures(packets, reloads)
        command = [os.path.join(self.bin, 'weir-dataplane'), '--config', self.path('weir.yaml'), '--run', self.dir,
                   '--replay-ports', self.dir, '--advance', str(self.scenario.get('advance_s', 0))]
        command += self.simulate('weir-dataplane')
        if self.mode == 'none':
            command.append('--no-classifier')
        if self.mode == 'stalled':
            command.append('--no-lockstep')
        self.start('weir-dataplane', command, stdout=subprocess.DEVNULL)
        stalled = scripted = None
        try:
            if self.mode in ('real', 'daemon'):
                self.start_classifier()
            if self.mode == 'stalled':
                stalled = StalledClassifier(self.path('channel-0.sock'), self.check_alive)
            if self.mode == 'scripted':
                scripted = until(self.attach_script, 'listening of the data plane')
            if reloads:
                self.feed(packets)
            self.finish()
            if scripted and scripted.wrong:
                raise Failed(f'the scripted classifier ended: {scripted.wrong!r}')
        finally:
            for double in filter(None, (stalled, scripted)):
                double.close()
            for process in self.processes.values():
                if process.poll() is None:
                    process.kill()
                process.wait()
        return self.read_events()

    def attach_script(self):
        self.check_alive('weir-dataplane')
        try:
            return ScriptedClassifier(self.path('channel-0.sock'), self.scenario['answers'], payloads.make)
        except (FileNotFoundError, ConnectionRefusedError):
            return None

    def start_classifier(self):
        command = [os.path.join(self.bin, 'weir-classifier')]
        command += self.simulate('weir-classifier')
        if self.mode == 'daemon':
            return self.start('weir-classifier', command + ['--config', self.path('weir.yaml')],
                              stdout=subprocess.DEVNULL)
        command += ['--replay', '--run', self.dir, '--policy', self.path('current.yaml'), '--events', '-',
                    '--catalogue', CATALOGUE, '--signatures', self.path('classifier/signatures.yaml'), '--safe-search', SAFE_SEARCH]
        with open(self.path('events.bin'), 'wb') as events:
            return self.start('weir-classifier', command, stdout=events)

    def simulate(self, program):
        """`simulate: cause@n` goes to the program that meets the cause."""
        wishes = [wish for wish in str(self.scenario.get('simulate') or '').split(',') if wish]
        mine = [wish for wish in wishes
                if (wish.split('@')[0] in CLASSIFIER_CAUSES) == (program == 'weir-classifier')]
        return ['--simulate', ','.join(mine)] if mine else []

    def settings(self):
        mine = {'classifier': {'user': pwd.getpwuid(os.getuid()).pw_name, 'policy': self.path('current.yaml'),
                               'catalogue': CATALOGUE, 'signatures': self.path('classifier/signatures.yaml'), 'safe_search': SAFE_SEARCH},
                'redis': {'socket': self.path('redis.sock')}, 'run_directory': self.dir}
        return merged(merged(SETTINGS, mine), self.scenario.get('settings'))

    def read_events(self):
        if self.mode != 'real':
            return b''
        with open(self.path('events.bin'), 'rb') as events:
            return events.read()

    def finish(self):
        for name, process in self.processes.items():
            if name == 'weir-classifier' and self.mode == 'daemon':
                process.terminate()  # it would wait for the next data plane
            try:
                code = process.wait(RUN_S)
            except subprocess.TimeoutExpired:
                raise Failed(f'{name} did not end within {RUN_S} s\n{self.log(name)}') from None
            if code != 0:
                raise Failed(f'{name} ended with code {code}\n' + ''.join(map(self.log, self.processes)))

    def write_captures(self, packets, as_pipes):
        for side in ('inside', 'outside'):
            if as_pipes:
                os.mkfifo(self.path(side + '.pcap'))
                continue
            with open(self.path(side + '.pcap'), 'wb') as file:
                file.write(frames.PCAP_HEADER)
                for packet in packets:
                    if packet.port == side:
                        file.write(frames.pcap_record(packet.time_ns, packet.frame))

    def feed(self, packets):
        """Packet by packet through pipes, so that a reload happens exactly between two of them."""
        pipes = {}
        for side in ('inside', 'outside'):
            pipes[side] = open(self.path(side + '.pcap'), 'wb', buffering=0)  # returns once the data plane opened it
            pipes[side].write(frames.PCAP_HEADER)
        until(self.answers, 'an answer of the classifier')
        revision = 1
        for packet in packets:
            if not isinstance(packet, tuple):
                pipes[packet.port].write(frames.pcap_record(packet.time_ns, packet.frame))
                continue
            # The replay needs the next frame of both ports before it goes on: each pipe is kept one ahead by
            # the lines before and after a reload (see the README).
            self.wait_for_rest()
            if packet[1] in self.scenario.get('edits', {}):
                self.edit_signatures(self.scenario['edits'][packet[1]])
                continue
            revision += 1
            for option in packet[2:]:
                self.begin_canary(option.removeprefix('canary='), revision)
            self.write_policy(self.scenario['policies'][packet[1]], revision)
            reply = ask(self.path('classifier-0.sock'), {'op': 'reload'})
            if not reply.get('ok'):
                raise Failed(f'reload: {reply}')
        for pipe in pipes.values():
            pipe.close()

    def answers(self):
        self.check_alive('weir-classifier')
        try:
            return ask(self.path('classifier-0.sock'), {'op': 'status'})['ok']
        except (FileNotFoundError, ConnectionRefusedError):
            return False

    def wait_for_rest(self):
        """Until the classifier has seen nothing new for a while."""
        seen = {'requests': -1, 'same': 0}

        def at_rest():
            self.check_alive('weir-dataplane')
            self.check_alive('weir-classifier')
            requests = ask(self.path('classifier-0.sock'), {'op': 'status'})['requests']
            seen['same'] = seen['same'] + 1 if requests == seen['requests'] else 0
            seen['requests'] = requests
            return seen['same'] >= 20
        until(at_rest, 'rest of the classifier')
