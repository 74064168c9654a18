# SPDX-License-Identifier: Apache-2.0
"""The programs of one appliance: started, started again when they die, stopped, killed, looked at."""
import collections
import contextlib
import json
import os
import signal
import socket
import subprocess
import time

PATIENCE_S = 60
SPOOL_BYTES = '64k'
DISK_BYTES = '16m'
BALLAST = 'ballast'
FAKE_CLOCK = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1'
POLICY = '''weir-policy: 1
network:
  - {rule: closed-network, match: {destination: 203.0.113.0/24}, then: block, severity: high}
  - {rule: watched-network, match: {destination: 192.0.2.0/24}, then: report}
'''


def sh(command):
    subprocess.run(command, shell=True, check=True)


class Appliance:
    def __init__(self, bin_dir, directory, seed, kills, fake_clock=False, udp_s=2):
        self.bin, self.dir, self.seed, self.kills = bin_dir, directory, seed, kills
        self.fake_clock = fake_clock
        self.settings = os.path.join(directory, 'weir.yaml')
        self.socket = os.path.join(directory, 'redis.sock')
        self.processes, self.dead = {}, set()
        self.killed = collections.Counter()
        self.mounted = []
        for folder in ('store', 'redis'):  # a small disk each
            os.makedirs(os.path.join(directory, folder))
            self.mount(folder, DISK_BYTES)
        with open(os.path.join(directory, 'current.yaml'), 'w', encoding='utf-8') as file:
            file.write(POLICY)
        with open(self.settings, 'w', encoding='utf-8') as file:
            file.write(f'''weir: 1
run_directory: {directory}
state_directory: {directory}
pairs:
  - {{name: test, inside: "net_af_packet0,iface=near-in,framecnt=2048", outside: "net_af_packet1,iface=near-out", mode: strict, fail: closed, block: reset}}
memory: {{hugepages: off}}
timeouts: {{udp_s: {udp_s}}}
privacy: {{people: clear}}
redis: {{socket: {self.socket}, stream_keep_s: 0}}
classifier: {{user: root, policy: {directory}/current.yaml, catalogue: "", spool_megabytes: 16}}
engine: {{user: root, store: {directory}/store/weir.db}}
''')
        self.set_clock('+0')

    # programs

    def command(self, name):
        if name == 'redis-server':
            return [name, '--port', '0', '--unixsocket', self.socket, '--dir', os.path.join(self.dir, 'redis'), '--save', '',
                    '--appendonly', 'yes', '--appendfsync', 'everysec']
        return [os.path.join(self.bin, name), '--config', self.settings]

    def launch(self, name):
        environment = dict(os.environ)
        if self.fake_clock and name in ('weir-engine', 'weir-dataplane'):
            environment.update(LD_PRELOAD=FAKE_CLOCK, FAKETIME_TIMESTAMP_FILE=os.path.join(self.dir, 'clock'),
                               FAKETIME_NO_CACHE='1', FAKETIME_DONT_FAKE_MONOTONIC='1')
        with open(os.path.join(self.dir, name + '.log'), 'ab') as log:
            self.processes[name] = subprocess.Popen(self.command(name), stdout=log, stderr=log, env=environment)

    def start(self):
        for name in ('redis-server', 'weir-dataplane', 'weir-classifier', 'weir-engine'):
            self.launch(name)
        self.until('an attached classifier', lambda: self.worker()['channel'] == 'attached' and
                   self.worker()['policy_revision'] == 1)

    def look_after(self):
        """What died is started again at once."""
        for name, process in self.processes.items():
            if name not in self.dead and process.poll() is not None:
                if name == 'weir-dataplane':
                    raise AssertionError(f'the data plane died\n{self.last_words()}')
                self.launch(name)

    def kill(self, name):
        self.processes[name].kill()
        self.processes[name].wait()
        self.killed[name] += 1

    def stay_dead(self, name):
        self.dead.add(name)
        self.kill(name)

    def come_back(self, name):
        self.dead.discard(name)
        self.look_after()

    @contextlib.contextmanager
    def stopped(self, name):
        process = self.processes[name]
        process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            process.send_signal(signal.SIGCONT)

    def set_clock(self, step):
        with open(os.path.join(self.dir, 'clock.new'), 'w', encoding='ascii') as file:
            file.write(step + '\n')
        os.rename(os.path.join(self.dir, 'clock.new'), os.path.join(self.dir, 'clock'))

    # places

    def mount(self, folder, size):
        sh(f'mount -t tmpfs -o size={size} none {self.dir}/{folder}')
        self.mounted.append(folder)

    @contextlib.contextmanager
    def full(self, folder):
        """A disk on which nothing has room."""
        ballast = os.path.join(self.dir, folder, BALLAST)
        with open(ballast, 'wb', buffering=0) as file:
            for size in (1 << 16, 1 << 12):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(bytes(size))
        try:
            yield
        finally:
            os.unlink(ballast)

    def restart_classifier(self):
        self.stay_dead('weir-classifier')
        self.until('an end of its channel', lambda: self.worker()['channel'] != 'attached')
        self.come_back('weir-classifier')
        self.until('an attached classifier', lambda: self.worker()['channel'] == 'attached')

    def small_spool(self):
        self.mount('spool', SPOOL_BYTES)
        self.restart_classifier()

    def no_spool(self):
        sh(f'rm -r {self.dir}/spool && touch {self.dir}/spool')
        self.restart_classifier()

    # what they say

    def until(self, what, condition):
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            self.look_after()
            try:
                value = condition()
                if value:
                    return value
            except (OSError, ValueError, KeyError, subprocess.CalledProcessError):
                pass
            time.sleep(0.02)
        raise AssertionError(f'no {what} within {PATIENCE_S} s\n{self.last_words()}')

    def ask(self, name, request):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(os.path.join(self.dir, name + '.sock'))
            connection.sendall(json.dumps(request).encode() + b'\n')
            return json.loads(connection.makefile().readline())

    def worker(self):
        return self.ask('dataplane', {'op': 'status'})['workers'][0]

    def events(self):
        return self.until('status of the classifier', lambda: self.ask('classifier-0', {'op': 'status'})['events'])

    def redis(self, *words):
        done = subprocess.run(['redis-cli', '-s', self.socket, *words], capture_output=True, check=True)
        return done.stdout.decode('utf-8', 'replace').strip()  # payloads are bytes

    def weirctl(self, *words):
        done = subprocess.run([os.path.join(self.bin, 'weirctl'), '--config', self.settings, '-o', 'json', *words],
                              capture_output=True, check=True)
        return json.loads(done.stdout)

    def last_commit(self):
        return self.weirctl('status')['engine']['last_commit']

    def violations(self):
        return self.weirctl('violation', 'list', '--all', '--count', '10000')

    def table(self):
        return {(row['subject'], row['object']): row['count'] for row in self.violations()}

    def table_when(self, whole):
        """When all is recorded, or nothing more comes; the events that wait are given their time first."""
        self.until('empty queue', lambda: self.ask('classifier-0', {'op': 'status'})['events']['queued'] == 0)
        deadline, table = time.monotonic() + 20, {}
        while time.monotonic() < deadline:
            self.look_after()
            table = self.table()
            if whole(table) and self.all_read():
                break
            time.sleep(0.1)
        return table

    def all_read(self):
        newest = self.redis('XREVRANGE', 'weir:flows:0', '+', '-', 'COUNT', '1').split('\n')[0]
        group = self.redis('XINFO', 'GROUPS', 'weir:flows:0').split('weir-engine')[-1].split('\n')
        return newest in group and self.redis('XPENDING', 'weir:flows:0', 'weir-engine').split('\n')[0] == '0'

    def wrong(self):
        """Of what the programs count."""
        found = []
        lost = {reason: count for reason, count in self.events()['lost_by'].items() if count}
        if lost:
            found.append(f'events lost: {lost}')
        dead = int(self.redis('XLEN', 'weir:dead'))
        if dead:
            found.append(f'{dead} entries in weir:dead')
        return found

    def said(self, name, word):
        with open(os.path.join(self.dir, name + '.log'), encoding='utf-8', errors='replace') as log:
            return word in log.read()

    def last_words(self):
        words = []
        for name in self.processes:
            with open(os.path.join(self.dir, name + '.log'), encoding='utf-8', errors='replace') as log:
                words += [f'    {name}: {line}' for line in log.readlines()[-12:]]
        return ''.join(words)

    def end(self):
        for name in ('weir-classifier', 'weir-dataplane', 'weir-engine', 'redis-server'):
            if name not in self.processes:
                continue
            process = self.processes[name]
            process.send_signal(signal.SIGCONT)
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for folder in self.mounted:
            sh(f'umount {self.dir}/{folder}')
