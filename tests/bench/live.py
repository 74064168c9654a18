# SPDX-License-Identifier: Apache-2.0
"""lab.live: what real hosts notice. Two namespaces, between them Weir or testpmd on the same virtual devices: TCP
throughput by iperf3, and the time to the first byte of new HTTP connections to nginx. Rounds of testpmd, weir, testpmd.
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

INSIDE, OUTSIDE = '10.77.0.1', '10.77.0.2'
CLIENT = '''
import http.client, sys, time
times, failed = [], 0
for _ in range(int(sys.argv[2])):
    try:
        link = http.client.HTTPConnection(sys.argv[1], 80, timeout=5)
        start = time.perf_counter()
        link.request('GET', '/')
        answer = link.getresponse()
        times.append(time.perf_counter() - start)
        failed += answer.status != 200
        answer.read()
        link.close()
    except OSError:
        failed += 1
times.sort()
print(times[len(times) // 2] * 1e6 if times else 0, failed)
'''
NGINX = '''pid {directory}/nginx.pid; error_log {directory}/error.log; daemon off; user root;
events {{}} http {{ access_log off; server {{ listen {address}:80; root {directory}/www; }} }}
'''


def sh(*words, check=True):
    return subprocess.run(words, check=check, capture_output=True, text=True)


class Hosts:
    """Two namespaces whose cables end in this one as `near` interfaces."""

    def __init__(self, directory):
        self.names = [f'weir-live-{os.getpid()}-{side}' for side in ('inside', 'outside')]
        self.near = [f'live{side}{os.getpid()}' for side in 'io']
        self.processes = []
        self.directory = directory

    def __enter__(self):
        for name, near, address in zip(self.names, self.near, (INSIDE, OUTSIDE)):
            sh('ip', 'netns', 'add', name)
            sh('ip', 'link', 'add', near, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name)
            sh('ip', '-n', name, 'addr', 'add', address + '/24', 'dev', 'eth0')
            sh('ip', '-n', name, 'link', 'set', 'lo', 'up')
            sh('ip', '-n', name, 'link', 'set', 'eth0', 'up')
            sh('ip', 'link', 'set', near, 'up', 'promisc', 'on')
            for words in (('ethtool', '-K', near), ('ip', 'netns', 'exec', name, 'ethtool', '-K', 'eth0')):
                sh(*words, 'tx', 'off', 'rx', 'off', 'tso', 'off', 'gso', 'off', 'gro', 'off', check=False)
        os.makedirs(os.path.join(self.directory, 'www'))
        with open(os.path.join(self.directory, 'www/index.html'), 'w', encoding='utf-8') as page:
            page.write('hello\n' * 20)
        with open(os.path.join(self.directory, 'nginx.conf'), 'w', encoding='utf-8') as config:
            config.write(NGINX.format(directory=self.directory, address=OUTSIDE))
        os.chmod(self.directory, 0o755)
        self.start(1, 'nginx', '-c', os.path.join(self.directory, 'nginx.conf'))
        self.start(1, 'iperf3', '-s')
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.terminate()
            process.wait()
        for name, near in zip(self.names, self.near):
            sh('ip', 'link', 'del', near, check=False)  # with the namespace it would go a little later
            sh('ip', 'netns', 'del', name, check=False)

    def start(self, side, *words):
        self.processes.append(subprocess.Popen(['ip', 'netns', 'exec', self.names[side], *words],
                                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    def client(self, *words):
        return sh('ip', 'netns', 'exec', self.names[0], *words, check=False)

    def wait_for_way(self):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if self.client('ping', '-c', '1', '-W', '1', OUTSIDE).returncode == 0:
                return
        raise RuntimeError('no way from one host to the other within 30 s')

    def figures(self, seconds, requests):
        """(bits a second, microseconds to the first byte, failed requests)."""
        self.wait_for_way()
        ran = self.client('iperf3', '--json', '-c', OUTSIDE, '-t', str(max(1, round(seconds))))
        rate = json.loads(ran.stdout)['end']['sum_received']['bits_per_second'] if ran.returncode == 0 else 0
        first_byte, failed = self.client(sys.executable, '-c', CLIENT, OUTSIDE, str(requests)).stdout.split()
        return rate, float(first_byte), int(failed)


def devices_of(driver, near):
    if driver == 'af_xdp':
        return [f'net_af_xdp{i},iface={name}' for i, name in enumerate(near)]
    return [f'net_af_packet{i},iface={name},framecnt=4096' for i, name in enumerate(near)]


class Testpmd:
    def __init__(self, devices):
        command = ['dpdk-testpmd', '--no-huge', '-m', '512', '--no-pci', '--no-telemetry', f'--file-prefix=live{os.getpid()}',
                   '-l', '0,1']
        for device in devices:
            command += ['--vdev', device]
        self.process = subprocess.Popen(command + ['--', '--forward-mode=io', '--auto-start', '--no-lsc-interrupt',
                                                   '--stats-period', '100', '--total-num-mbufs=32768'],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def end(self):
        self.process.terminate()
        self.process.wait()


class Weir:
    def __init__(self, devices, directory, bin_dir, catalogue):
        run = tempfile.mkdtemp(prefix='run-', dir=directory)
        policy, settings = os.path.join(run, 'current.yaml'), os.path.join(run, 'weir.yaml')
        with open(policy, 'w', encoding='utf-8') as out:
            out.write('weir-policy: 1\ntimezone: UTC\n')
        with open(settings, 'w', encoding='utf-8') as out:
            out.write(f'''weir: 1
appliance: bench
run_directory: {run}
state_directory: {run}
pairs:
  - {{name: bench, inside: "{devices[0]}", outside: "{devices[1]}", mode: strict}}
cores: "1"
memory: {{hugepages: off, megabytes: 512}}
redis: {{socket: {run}/none.sock}}
classifier: {{user: "root", policy: {policy}, catalogue: {catalogue}}}
''')
        self.processes = [subprocess.Popen([os.path.join(bin_dir, name), '--config', settings], stdout=subprocess.DEVNULL,
                                           stderr=subprocess.DEVNULL) for name in ('weir-dataplane', 'weir-classifier')]

    def end(self):
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            process.wait()


def measure(options, bin_dir, catalogue):
    if os.geteuid() != 0:
        print('lab.live: skipped: needs root for network namespaces')
        return None
    requests = 50 if options.smoke else max(1, 10_000 // options.rounds)
    results = {}
    for driver in ('af_packet',) if options.smoke else ('af_xdp', 'af_packet'):
        rounds = []
        for _ in range(options.rounds):
            with tempfile.TemporaryDirectory(prefix='weir-live-') as directory, Hosts(directory) as hosts:
                devices = devices_of(driver, hosts.near)
                seen = []
                for make in (Testpmd, None, Testpmd):
                    between = make(devices) if make else Weir(devices, directory, bin_dir, catalogue)
                    try:
                        seen.append(hosts.figures(options.seconds, requests))
                    finally:
                        between.end()
            before, ours, after = seen
            rounds.append({'throughput': ours[0] / statistics.mean([before[0], after[0]]),
                           'first_byte': ours[1] / statistics.mean([before[1], after[1]]), 'failed': ours[2],
                           'bits_s': ours[0], 'first_byte_us': ours[1]})
            print(f'lab.live: {driver}: throughput {rounds[-1]["throughput"]:.3f} of testpmd ({ours[0] / 1e9:.2f} Gbit/s), first byte '
                  f'{rounds[-1]["first_byte"]:.3f} ({ours[1]:.0f} us), {ours[2]} of {requests} requests failed', flush=True)
        results[driver] = rounds
        middle = {key: statistics.median(r[key] for r in rounds) for key in ('throughput', 'first_byte')}
        print(f'lab.live: {driver}: median of {len(rounds)} rounds: throughput {middle["throughput"]:.3f}, first byte '
              f'{middle["first_byte"]:.3f}, {sum(r["failed"] for r in rounds)} of {requests * len(rounds)} requests failed', flush=True)
    return results
