# SPDX-License-Identifier: Apache-2.0
"""Whether the scenarios cause what they have to: every drop reason and every row of the exception table with every action.

What no scenario can cause is named in docs/testing.md beside the unit test that does. Knows names, not programs."""
import os
import re

UNIT_TESTED = re.compile(r'^\| `([a-z0-9-]+)` \| `(tests/unit/[\w/]+\.cc)` \|', re.M)
NAMED = re.compile(r'`((?:[a-z0-9]+-)*[a-z0-9]+)`')
EVENT_ROWS = ('redis-away', 'clock-step')  # `pass` alone may be written for them


def read(root, path):
    with open(os.path.join(root, path), encoding='utf-8') as file:
        return file.read()


def drop_reasons(root):
    names = re.findall(r'^    \{"([a-z0-9-]+)",', read(root, 'dataplane/packet/drop_reason.cc'), re.M)
    return [name for name in names if name != 'none']


def exception_rows(root):
    section = read(root, 'docs/configuration.md').partition('### Exceptions of a pair')[2].partition('###')[0]
    return [(row, action) for row in re.findall(r'^\| `([a-z0-9-]+)` \|', section, re.M)
            for action in (('pass',) if row in EVENT_ROWS else ('pass', 'drop', 'bypass'))]


def caused(scenarios):
    """What the scenarios say will be counted: names of reasons, and (row, action)."""
    found = set()
    for scenario in scenarios:
        for line in scenario['packets']:
            fate = line.partition('=>')[2].split()
            found.update(fate[1:2] if fate[:1] == ['drop'] else [])
        for path, value in ((scenario.get('expect') or {}).get('counters') or {}).items():
            first, *rest = path.split('/')
            if value in (0, '0'):
                continue
            if first == 'exceptions':
                found.add(tuple(rest))
            elif first == 'ports' and rest[1] == 'dropped':
                found.add(rest[2])
    for scenario in scenarios:  # these touch no packet, so the event alone tells
        for event in (scenario.get('expect') or {}).get('events') or []:
            found.update((row, 'pass') for row in event.get('exceptions', []) if row in EVENT_ROWS)
    return found


def gaps(root, folders, scenarios):
    """Sentences, none if all is there. `folders`: the names of all scenarios; `scenarios`: all their variants."""
    page = read(root, 'docs/testing.md')
    elsewhere = dict(UNIT_TESTED.findall(page))
    found = caused(scenarios)
    wrong = [f'no scenario causes the exception {row} with {action}' for row, action in exception_rows(root)
             if (row, action) not in found]
    for reason in drop_reasons(root):
        camel = 'DropReason::k' + ''.join(word.capitalize() for word in reason.split('-'))
        if reason in elsewhere:
            if camel not in read(root, elsewhere.pop(reason)):
                wrong.append(f'docs/testing.md: the unit test named beside {reason} says nothing of {camel}')
        elif reason not in found:
            wrong.append(f'no scenario causes the drop reason {reason}')
    wrong += [f'docs/testing.md: {name} is no drop reason' for name in elsewhere]
    table = page.partition('## What each scenario is for')[2].partition('\n## ')[0]
    named = {name for row in re.findall(r'^\| [^|`]+\|(.*)\|$', table, re.M) for name in NAMED.findall(row)}
    return wrong + [f'docs/testing.md: there is no scenario {name}' for name in sorted(named - set(folders))]
