# SPDX-License-Identifier: Apache-2.0
"""FlowEvent protobufs into dictionaries, by the schema file itself: no generated code, no library."""
import re
import struct

SCALARS = {'uint32': 'varint', 'uint64': 'varint', 'bool': 'varint', 'fixed64': 'fixed', 'string': 'bytes'}


def read_schema(path):
    """{message: {number: (name, type, repeated)}} and {enum: {value: name}}."""
    messages, enums = {}, {}
    with open(path, encoding='utf-8') as file:
        text = re.sub(r'//.*', '', file.read())
    for kind, name, body in re.findall(r'(message|enum) (\w+) \{([^}]*)\}', text):
        if kind == 'enum':
            enums[name] = {int(value): key for key, value in re.findall(r'(\w+) = (\d+);', body)}
            continue
        fields = re.findall(r'(repeated )?(\w+) (\w+) = (\d+);', body)
        messages[name] = {int(number): (field, type_, bool(many)) for many, type_, field, number in fields}
    return messages, enums


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def varints(data):
    at = 0
    while at < len(data):
        value, at = varint(data, at)
        yield value


class Decoder:
    def __init__(self, schema_path):
        self.messages, self.enums = read_schema(schema_path)

    def message(self, name, data):
        """Fields that are absent have their default, as proto3 says."""
        out = {field: [] if many else self.default(type_) for field, type_, many in self.messages[name].values()}
        at = 0
        while at < len(data):
            key, at = varint(data, at)
            number, wire = key >> 3, key & 7
            if wire == 0:
                raw, at = varint(data, at)
            elif wire == 1:
                raw, at = struct.unpack_from('<Q', data, at)[0], at + 8
            elif wire == 2:
                size, at = varint(data, at)
                raw, at = data[at:at + size], at + size
            else:
                raise ValueError(f'wire type {wire} in {name}')
            if number in self.messages[name]:
                field, type_, many = self.messages[name][number]
                if many and wire == 2 and SCALARS.get(type_) == 'varint':  # packed
                    out[field] = out[field] + list(varints(raw))
                    continue
                value = self.value(type_, raw)
                out[field] = out[field] + [value] if many else value
        return out

    def default(self, type_):
        if type_ == 'bool':
            return False
        if type_ == 'string':
            return ''
        return {} if type_ in self.messages else self.value(type_, 0)

    def value(self, type_, raw):
        if type_ in self.enums:
            return self.enums[type_].get(raw, raw).removeprefix('KIND_').lower()
        if type_ in self.messages:
            return self.message(type_, raw)
        if type_ == 'string':
            return raw.decode()
        return bool(raw) if type_ == 'bool' else raw

    def stream(self, data, name='FlowEvent'):
        """Messages, each after its length as a varint."""
        at, out = 0, []
        while at < len(data):
            size, at = varint(data, at)
            out.append(self.message(name, data[at:at + size]))
            at += size
        return out
