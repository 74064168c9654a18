# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL server of the test's own: on a Unix socket in a folder of its own, without TCP, run by a user that is not root."""
import os
import pwd
import shutil
import signal
import subprocess
import tempfile

from receivers import until

PROGRAMS = '/usr/lib/postgresql/15/bin'


class Postgresql:
    def __init__(self):
        self.home = tempfile.mkdtemp(prefix='weir-notify-pg-')
        self.user = pwd.getpwnam('nobody') if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        os.chown(self.home, self.user.pw_uid, self.user.pw_gid)
        os.chmod(self.home, 0o755)
        self.url = f'postgresql://weir@/weir?host={self.home}'
        data = os.path.join(self.home, 'data')
        self.run('initdb', '-D', data, '-U', 'weir', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync', '--no-instructions')
        self.server = subprocess.Popen(self.words('postgres', '-D', data, '-k', self.home, '-h', '', '-F'), cwd='/',
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self.who())
        until('PostgreSQL', lambda: self.run('pg_isready', '-q', '-h', self.home, '-U', 'weir', check=False) == 0)
        self.run('createdb', '-h', self.home, '-U', 'weir', '-T', 'template0', '-E', 'UTF8', 'weir')

    @staticmethod
    def words(program, *words):
        return [os.path.join(PROGRAMS, program), *words]

    def who(self):
        return {'user': self.user.pw_uid, 'group': self.user.pw_gid, 'extra_groups': []} if os.geteuid() == 0 else {}

    def run(self, program, *words, check=True):
        done = subprocess.run(self.words(program, *words), cwd='/', capture_output=True, text=True, check=False, **self.who())
        if check and done.returncode != 0:
            raise AssertionError(f'{program} ended with {done.returncode}: {done.stderr[-300:]}')
        return done.returncode

    def value(self, query):
        """The first column of the first row; '' where there is none, or not yet such a table."""
        done = subprocess.run(self.words('psql', '-At', '-d', self.url, '-c', query), capture_output=True, text=True, check=False)
        return done.stdout.strip()

    def end(self):
        self.server.send_signal(signal.SIGQUIT)
        self.server.wait(20)
        shutil.rmtree(self.home, ignore_errors=True)
