# SPDX-License-Identifier: Apache-2.0
"""What both tests of the packages need: building them, and a Debian in a folder to install them in."""
import glob
import hashlib
import os
import re
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
NAMES = ('weir-common', 'weir-dataplane', 'weir-classifier', 'weir-engine', 'weir-console', 'weirctl')
# What Debian's own tools keep: users (policy 9.2.2: never taken away), dpkg's and apt's books, caches.
KEPT = re.compile(r'^/(etc/(passwd|group|shadow|gshadow|subuid|subgid)-?$|etc/\.pwd\.lock|etc/ld\.so\.cache|var/lib/(dpkg|apt)/|var/cache/|var/log/(dpkg|apt|alternatives)'
                  r'|run/(systemd|lock)|tmp/|proc|sys|dev|test/|var/lib/systemd/deb-systemd-(helper|user-helper)-(enabled|masked)$|root/)')


class Story:
    def __init__(self, verbose):
        self.verbose, self.done, self.failed = verbose, 0, 0

    def check(self, what, good, why=''):
        self.done += 1
        self.failed += not good
        if not good or self.verbose:
            print(f'{"ok  " if good else "FAIL"} {what}{"" if good else ": " + str(why).strip()[-2000:]}', flush=True)
        return good


class Root:
    """A Debian in a folder; run() has processes and devices of its own there."""

    def __init__(self, path):
        self.path = path

    def run(self, script, *words):
        inside = ('mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && mount --rbind /sys "$0/sys" && mount -t tmpfs shm "$0/tmp" && '
                  'exec chroot "$0" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 sh -c "$1" sh "${@:2}"')
        return subprocess.run(['unshare', '--mount', '--pid', '--fork', '--kill-child', 'bash', '-c', inside, self.path, script, *words],
                              capture_output=True, text=True, check=False)

    def file(self, path):
        return os.path.join(self.path, path.lstrip('/'))

    def read(self, path):
        with open(self.file(path), encoding='utf-8') as file:
            return file.read()

    def write(self, path, text, mode=0o644):
        os.makedirs(os.path.dirname(self.file(path)), exist_ok=True)
        with open(self.file(path), 'w', encoding='utf-8') as file:
            file.write(text)
        os.chmod(self.file(path), mode)

    def files(self):
        found = set()
        for folder, folders, files in os.walk(self.path):
            for name in folders + files:
                path = '/' + os.path.relpath(os.path.join(folder, name), self.path)
                if not KEPT.match(path):
                    found.add(path)
        return found


def digests(folder):
    found = {}
    for path in glob.glob(os.path.join(folder, '*.deb')):
        with open(path, 'rb') as file:
            found[os.path.basename(path)] = hashlib.sha256(file.read()).hexdigest()
    return found


def build(story, args, output, revision):
    words = [os.path.join(ROOT, 'images/packages/build'), '--build', args.build, '--output', output, '--revision', str(revision)]
    done = subprocess.run(words + (['--pages', args.pages] if args.pages else []), capture_output=True, text=True, check=False)
    return story.check(f'build of revision {revision}', done.returncode == 0, done.stdout + done.stderr)


def packages(story, args, home, twice=True):
    """Folders with revision 1 and 2; None: they cannot be built."""
    first, again, second = (os.path.join(args.packages or home, name) for name in ('first', 'again', 'second'))
    if not args.packages:
        if not all((build(story, args, first, 1), not twice or build(story, args, again, 1), build(story, args, second, 2))):
            return None
    one = digests(first)
    if twice:
        other = digests(again)
        story.check('two builds are the same bytes', one == other, [name for name in one if one[name] != other.get(name)])
    story.check('each package is there', all(glob.glob(os.path.join(first, f'{name}_*.deb')) for name in NAMES), list(one))
    return first, second


def debs(folder):
    return [path for name in NAMES for path in glob.glob(os.path.join(folder, f'{name}_*.deb'))]


def copy_debs(root, folder):
    """Into /test of the root, in place of those that are there."""
    os.makedirs(root.file('/test'), exist_ok=True)
    for path in glob.glob(root.file('/test/*.deb')):
        os.remove(path)
    for path in debs(folder):
        shutil.copy(path, root.file('/test/'))


def dependencies(folder):
    """Of other packages, as apt-get satisfy reads them."""
    wanted = set()
    for path in debs(folder):
        fields = subprocess.run(['dpkg-deb', '-f', path, 'Depends'], capture_output=True, text=True, check=True).stdout
        wanted |= {one.strip() for one in fields.split(',') if not one.strip().startswith('weir')}
    return sorted(wanted)


def make_root(home, folder, *more):
    """A Debian with what the packages depend on, and Redis, which they recommend; and more."""
    root = Root(os.path.join(home, 'root'))
    done = subprocess.run(['mmdebstrap', '--mode=root', '--variant=apt', '--include=systemd,redis-server', 'bookworm', root.path],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(done.stderr[-2000:])
        return None
    root.write('/usr/sbin/policy-rc.d', '#!/bin/sh\nexit 101\n', 0o755)
    shutil.copy('/etc/resolv.conf', root.file('/etc/resolv.conf'))
    got = root.run('apt-get update -qq && exec apt-get satisfy -y -qq --no-install-recommends "$@"', *dependencies(folder), *more)
    if got.returncode != 0:
        print(got.stdout[-1000:] + got.stderr[-2000:])
        return None
    return root
