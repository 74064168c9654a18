# SPDX-License-Identifier: Apache-2.0
"""What should have come out against what did. Every check returns a list of sentences, empty if all is well."""
import collections
import re

from . import frames


def other(port):
    return 'outside' if port == 'inside' else 'inside'


def conservation(counters, packets):
    """received = transmitted + dropped + parked, and received is what was sent, per port. (The data plane itself ends with an
    error unless, after the last flow's end, nothing waits any more and every packet buffer is back.)"""
    wrong = []
    for port, numbers in counters['ports'].items():
        sent = sum(packet.port == port for packet in packets)
        dropped = sum(numbers['dropped'].values())
        if numbers['received'] != sent:
            wrong.append(f'{port}: {sent} frames arrived, received says {numbers["received"]}')
        if numbers['received'] != numbers['transmitted'] + dropped + numbers['parked']:
            wrong.append(f'{port}: received {numbers["received"]} is not transmitted {numbers["transmitted"]} '
                         f'+ dropped {dropped} + parked {numbers["parked"]}')
    return wrong


def few_changes(counters, changed):
    """Where a scenario does not say which frames leave with other bytes: no more than were counted."""
    counted = counters['syn_data_cut'] + counters['urgent_cleared']
    return [f'{changed} frames left with other bytes, {counted} were counted'] if changed > counted else []


def waiting(port, packets, numbers):
    """Exactly as many as the script says still wait in the end."""
    parked = sum(packet.parked for packet in packets)
    return [] if numbers['parked'] == parked else [f'{port}: {numbers["parked"]} frames wait, should be {parked}']


def split_output(packets, left):
    """What left one port: the frames that had arrived at the other one, and those that Weir built."""
    arrived = collections.Counter(packet.frame for packet in packets)
    passed, built = [], []
    for _, frame in left:
        if arrived[frame] > 0:
            arrived[frame] -= 1
            passed.append(frame)
        else:
            built.append(frame)
    return passed, built


def passing(port, packets, order, passed):
    """Exactly the packets that the script lets pass, byte by byte, as they arrived or in the order given."""
    expected = [packet for packet in packets if not packet.drop and not packet.parked and not packet.changed]
    if order:
        by_label = {packet.label: packet for packet in expected if packet.label}
        expected = [by_label[label] for label in order]
    wrong = []
    for i, (want, got) in enumerate(zip(expected, passed)):
        if want.frame != got:
            came = next((packet.line for packet in packets if packet.frame == got), 'nothing that was sent')
            wrong.append(f'{port}: frame {i} should be from "{want.line}", it is "{came}"')
            break
    if len(expected) != len(passed):
        wrong.append(f'{port}: {len(passed)} frames passed, {len(expected)} should have')
        lines = [packet.line for packet in expected[len(passed):]]
        frames_extra = passed[len(expected):]
        lines += [packet.line for packet in packets if packet.frame in frames_extra]
        wrong += [f'  "{line}"' for line in lines[:5]]
    return wrong


def drop_counts(port, packets, numbers, labels_only=False):
    want = collections.Counter(packet.drop for packet in packets if packet.drop)
    got = {reason: count for reason, count in numbers['dropped'].items() if count}
    if labels_only or want == got:
        return []
    return [f'{port}: dropped {dict(got)}, should be {dict(want)}']


PATTERN = re.compile(r'(?P<kind>\w+) (?P<source>\S+) > (?P<destination>\S+)(?P<rest>.*)')


def matches(pattern, frame, values):
    """`tcp 1.1.1.1:443 > 10.0.0.1:40000 flags=RA seq={a.server} ack={a.client+10} has=some_text`; empty when it does."""
    pattern = re.sub(r'\{([\w.]+)([+-]\d+)?\}',
                     lambda m: str((values[m[1]] + int(m[2] or 0)) % 2**32), pattern)
    found = PATTERN.fullmatch(pattern)
    want = {'kind': found['kind'], 'checksums': 'True', 'vlan': '', 'over': '', 'in': '', 'ttl': '64'}
    is_ = {key: str(value) for key, value in frames.describe(frame).items()}
    ports = frames.describe(frame).get('ports')
    is_.setdefault('in', '')
    is_['source'] = is_.get('source', '') + (f':{ports[0]}' if ports else '')
    is_['destination'] = is_.get('destination', '') + (f':{ports[1]}' if ports else '')
    want['source'], want['destination'] = found['source'], found['destination']
    want.update(word.split('=', 1) for word in found['rest'].split())
    payload = frames.describe(frame).get('payload', b'').decode('latin-1')
    has = want.pop('has', '').replace('_', ' ')
    if has not in payload:
        return [f'the payload {payload!r} has no "{has}"']
    return [f'{key} is {is_.get(key)}, should be {value}'
            for key, value in want.items() if is_.get(key) != value]


def built_frames(port, patterns, built, values):
    wrong = []
    if len(patterns) != len(built):
        wrong.append(f'{port}: Weir sent {len(built)} frames of its own, should be {len(patterns)}')
        wrong += [f'  {frames.describe(frame)}' for frame in built[:4]]
    for pattern, frame in zip(patterns, built):
        wrong += [f'{port}: {pattern}: {text}' for text in matches(pattern, frame, values)]
    return wrong


def lookup(tree, path):
    for step in path.split('/'):
        tree = tree[step]
    return tree


def counter_values(expected, counters):
    """`path/in/counters.json: value`, where a value may be `>0`."""
    wrong = []
    for path, want in expected.items():
        got = lookup(counters, path)
        good = got > int(want[1:]) if isinstance(want, str) and want.startswith('>') else got == want
        if not good:
            wrong.append(f'counter {path} is {got}, should be {want}')
    return wrong


def fits(want, got):
    """Every key named is there with this value; lists: each wanted element fits a different one."""
    if isinstance(want, dict):
        return isinstance(got, dict) and all(key in got and fits(value, got[key])
                                             for key, value in want.items())
    if isinstance(want, list):
        left = list(got)
        for element in want:
            found = next((one for one in left if fits(element, one)), None)
            if found is None:
                return False
            left.remove(found)
        return bool(want) or not got
    return want == got


def events(expected, got):
    wrong, left = [], list(got)
    for want in expected:
        found = next((event for event in left if fits(want, event)), None)
        if found is None:
            wrong.append(f'no event fits {want}')
        else:
            left.remove(found)
    if wrong:
        keys = ('kind', 'initiator_port', 'host', 'action', 'rule', 'hits', 'end_reason', 'exceptions', 'policy_revision')
        wrong += [f'  there is {({key: event[key] for key in keys})}' for event in left[:6]]
    return wrong


def one_final_each(got):
    finals = collections.Counter(event['flow_id'] for event in got if event['kind'] == 'final')
    flows = {event['flow_id'] for event in got}
    return [f'flow {flow} has {finals[flow]} final events' for flow in flows if finals[flow] != 1][:5]
