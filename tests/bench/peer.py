# SPDX-License-Identifier: Apache-2.0
"""peer: the same looped capture through testpmd, Weir and Suricata 7 in DPDK IPS mode; added nanoseconds a packet.

Suricata comes from Debian's backports (package suricata, bookworm-backports); without it this says so and
measures nothing. It gets no rule, one worker thread, and the default parsers.
"""
import os
import re
import shutil
import signal
import statistics
import subprocess
import tempfile
import time

CONFIG = '''%YAML 1.1
---
default-log-dir: {directory}
stats: {{enabled: yes, interval: 1}}
outputs:
  - stats: {{enabled: yes, filename: stats.log, append: no, totals: yes, threads: no}}
logging: {{default-log-level: warning, outputs: [{{console: {{enabled: yes}}}}]}}
dpdk:
  eal-params:
    proc-type: primary
    {memory}
    no-pci: true
    file-prefix: peer{pid}
    vdev: ["{inside}", "{outside}"]
  interfaces:
    - interface: {inside_name}
      threads: 1
      promisc: true
      mtu: 1500
      mempool-size: 65535
      mempool-cache-size: 257
      rx-descriptors: 1024
      tx-descriptors: 1024
      copy-mode: ips
      copy-iface: {outside_name}
    - interface: {outside_name}
      threads: 1
      promisc: true
      mtu: 1500
      mempool-size: 65535
      mempool-cache-size: 257
      rx-descriptors: 1024
      tx-descriptors: 1024
      copy-mode: ips
      copy-iface: {inside_name}
threading:
  set-cpu-affinity: yes
  cpu-affinity:
    - management-cpu-set: {{cpu: [2]}}
    - worker-cpu-set: {{cpu: ["0-1"], mode: "exclusive"}}
flow: {{memcap: 512mb, hash-size: 65536, prealloc: 20000}}
stream: {{memcap: 256mb, inline: yes}}
runmode: workers
'''
START_S = 60


def installed():
    return shutil.which('suricata') is not None


def run_suricata(devices, seconds, hugepages):
    """Packets a second that Suricata decoded, from its own counters."""
    inside, outside = devices
    with tempfile.TemporaryDirectory(prefix='weir-peer-') as directory:
        config = os.path.join(directory, 'suricata.yaml')
        with open(config, 'w', encoding='utf-8') as out:
            out.write(CONFIG.format(directory=directory, inside=inside, outside=outside, pid=os.getpid(),
                                    inside_name=inside.split(',')[0], outside_name=outside.split(',')[0],
                                    memory='in-memory: true' if hugepages else 'no-huge: true\n    m: 1024'))
        with open(os.path.join(directory, 'log'), 'w+', encoding='utf-8') as log:
            process = subprocess.Popen(['suricata', '-c', config, '--dpdk', '-l', directory, '-S', '/dev/null'],
                                       stdout=log, stderr=subprocess.STDOUT)
            try:
                first = until_counted(directory, process, 0)
                last = first
                while last[1] - first[1] < seconds:
                    last = until_counted(directory, process, last[0])
                return (last[0] - first[0]) / (last[1] - first[1])
            finally:
                process.send_signal(signal.SIGKILL)  # its own end may take long, and is not measured
                process.wait()


def until_counted(directory, process, more_than):
    """(packets, stamp of that line in seconds) once more packets were counted than that."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with open(os.path.join(directory, 'stats.log'), encoding='utf-8') as file:
                text = file.read()
        except OSError:
            text = ''
        found = re.findall(r'uptime: (\d+)d, (\d+)h (\d+)m (\d+)s\).*?decoder\.pkts\s+\| Total\s+\| (\d+)', text, re.S)
        if found and int(found[-1][4]) > more_than:
            days, hours, minutes, secs, packets = map(int, found[-1])
            return packets, ((days * 24 + hours) * 60 + minutes) * 60 + secs
        time.sleep(0.05)
    raise RuntimeError('suricata did not count: ' + open(os.path.join(directory, 'log'), encoding='utf-8').read()[-800:])


def measure(options, testpmd, weir, devices, hugepages):
    """Rounds of testpmd, weir, suricata, testpmd."""
    rounds = []
    for _ in range(options.rounds):
        before = testpmd()
        ours = weir()
        theirs = run_suricata(devices, max(3, options.seconds), hugepages)
        control = statistics.mean([before, testpmd()])
        added = [1e9 / pps - 1e9 / control for pps in (ours, theirs)]
        rounds.append({'weir_added_ns': added[0], 'suricata_added_ns': added[1], 'ratio': added[0] / added[1]})
        print(f'peer: testpmd {1e9 / control:.1f} ns a packet, weir adds {added[0]:.1f}, suricata adds {added[1]:.1f}: '
              f'{added[0] / added[1]:.3f}', flush=True)
    middle = {key: statistics.median(r[key] for r in rounds) for key in rounds[0]}
    print(f'peer: median of {len(rounds)} rounds: weir adds {middle["weir_added_ns"]:.1f} ns, suricata '
          f'{middle["suricata_added_ns"]:.1f} ns: {middle["ratio"]:.3f}', flush=True)
    return {'rounds': rounds, 'median': middle}
