# SPDX-License-Identifier: Apache-2.0
"""A virtual machine that runs the appliance's image as the hardware would: UEFI, a management port and two bridged ports."""
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import time

FIRMWARE = '/usr/share/OVMF/OVMF_CODE_4M.fd'
VARIABLES = '/usr/share/OVMF/OVMF_VARS_4M.fd'
MEMORY_MIB = 3072


def free_port():
    with socket.socket() as one:
        one.bind(('127.0.0.1', 0))
        return one.getsockname()[1]


class Machine:
    """`disk` is written to; `taps` are the interfaces behind the two bridged ports, inside and outside."""

    def __init__(self, home, disk, taps=('', '')):
        self.home, self.disk, self.taps, self.process, self.shell = home, disk, taps, None, None
        self.console_port = free_port()
        self.variables = os.path.join(home, 'efi-variables')
        self.screen = os.path.join(home, 'serial.log')
        shutil.copy(VARIABLES, self.variables)

    def words(self):
        shell = os.path.join(self.home, 'shell')
        ports = []
        for number, tap in enumerate(self.taps):
            net = f'tap,id=port{number},ifname={tap},script=no,downscript=no' if tap else f'hubport,id=port{number},hubid={number + 1}'
            ports += ['-netdev', net, '-device', f'e1000e,netdev=port{number},mac=52:54:00:00:00:1{number}']
        return ['qemu-system-x86_64', '-machine', 'q35,kernel-irqchip=split', '-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '2', '-m', str(MEMORY_MIB),
                '-device', 'intel-iommu,intremap=on', '-nodefaults', '-display', 'none', '-no-reboot' if self.stop_on_reboot else '-boot',
                *([] if self.stop_on_reboot else ['menu=off']),
                '-drive', f'if=pflash,format=raw,unit=0,readonly=on,file={FIRMWARE}', '-drive', f'if=pflash,format=raw,unit=1,file={self.variables}',
                '-drive', f'if=none,id=disk,format=qcow2,cache=writeback,discard=unmap,file={self.disk}', '-device', 'virtio-blk-pci,drive=disk,bootindex=1',
                '-netdev', f'user,id=management,restrict=on,hostfwd=tcp:127.0.0.1:{self.console_port}-:8443',
                '-device', 'virtio-net-pci,netdev=management,mac=52:54:00:00:00:01', *ports,
                '-chardev', f'file,id=screen,path={self.screen},append=on', '-serial', 'chardev:screen',
                '-chardev', f'socket,id=shell,path={shell},server=on,wait=off', '-serial', 'chardev:shell']

    def start(self, stop_on_reboot=False):
        self.stop_on_reboot, self.began = stop_on_reboot, time.monotonic()
        self.process = subprocess.Popen(self.words(), stdin=subprocess.DEVNULL)
        self.shell = Shell(os.path.join(self.home, 'shell'))
        return self

    def wait_for(self, text, seconds):
        """Until the serial console says it, counted from the start of this run; how long that took."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if os.path.exists(self.screen):
                with open(self.screen, 'rb') as file:
                    if text.encode() in file.read():
                        return time.monotonic() - self.began
            if self.process.poll() is not None:
                raise RuntimeError(f'the machine ended while waiting for "{text}"')
            select.select([], [], [], 0.2)
        raise TimeoutError(f'the machine did not say "{text}" within {seconds} s')

    def cut_power(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()


class Shell:
    """The root shell on the second serial port of an image of --test-shell."""

    def __init__(self, path):
        self.path, self.link, self.count = path, None, 0

    def connect(self, deadline):
        while self.link is None:
            link = socket.socket(socket.AF_UNIX)
            try:
                link.connect(self.path)
                self.link = link
            except OSError:
                link.close()
                if time.monotonic() > deadline:
                    raise
                select.select([], [], [], 0.1)

    def run(self, command, seconds=60):
        """(exit code, what it printed)."""
        deadline = time.monotonic() + seconds
        self.connect(deadline)
        self.count += 1
        mark = f'done-{self.count}-'
        self.link.sendall(f'\n({command}) 2>&1; echo "{mark[:-1]}""-$?-"\n'.encode())
        said, done = '', None
        while done is None:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.link], [], [], left)[0]:
                raise TimeoutError(f'no answer to "{command}" within {seconds} s: {said[-300:]!r}')
            said += self.link.recv(65536).decode(errors='replace').replace('\r', '')
            done = re.search(rf'\n{mark}(\d+)-', said)
        return int(done[1]), said[:done.start()].partition('-$?-"\n')[2]
