# SPDX-License-Identifier: Apache-2.0
"""Paths and JSON types of EVE records: {event type: {"flow.start": ["string"], "vlan[]": ["integer"]}}; in eve_types.json joined by |."""
import json

NAMES = {bool: 'boolean', int: 'integer', float: 'number', str: 'string', list: 'array', dict: 'object', type(None): 'null'}


def collect(lines, into):
    for line in lines:
        record = json.loads(line)
        types = into.setdefault(record['event_type'], {})
        walk(record, '', types)
    return into


def walk(value, path, types):
    if path:
        found = types.setdefault(path, [])
        name = NAMES[type(value)]
        if name not in found:
            found.append(name)
    if isinstance(value, dict):
        for key, item in value.items():
            walk(item, f'{path}.{key}' if path else key, types)
    elif isinstance(value, list):
        for item in value:
            walk(item, path + '[]', types)


def differences(ours, theirs):
    """Shared paths with another type, and paths that Suricata does not have, apart from the object `weir`. What stands at
    the head of a record may have been seen in records of another type alone."""
    anywhere = {path: names for types in theirs.values() for path, names in types.items()}
    wrong, own = [], set()
    for event_type, types in sorted(ours.items()):
        for path, names in sorted(types.items()):
            if path == 'weir' or path.startswith('weir.'):
                continue
            known = theirs.get(event_type, {}).get(path) or anywhere.get(path)
            if known is None:
                own.add(path)
            elif set(names) - set(known.split('|')):
                wrong.append(f'{event_type}: {path} is {"|".join(names)}, in Suricata {known}')
    return wrong, own
