"""Oracle: what this interpreter reads in a pickle, and how it writes it back. Python 2.7 and 3.6+.

A request is a 4-byte big-endian length, then one byte with the protocol to answer in, then a pickle. The answer has
two parts, each behind its length: `pickle.dumps(value, protocol)`, and the value's canonical repr. When Python raises,
the first part is empty and the second is the exception's text.

The canonical repr is ASCII and exact about types: 1 True 1.0 -0.0 nan 'text' b'bytes' bytearray(b'..') [..] (..,) {..:..}
set([..]) frozenset([..]) (members sorted) mod.Name{'attribute': ..}. An object met twice is #1=[..] at first, then #1#.
Under Python 2.7, unicode is 'text', str is b'bytes' and long is 1L.
"""

import io
import pickle
import struct
import sys

from clases import crear_clase

PYTHON2 = sys.version_info[0] == 2


class Mensaje(object):
    def __init__(self, operacion=None, data=None, estado=None):
        self.operacion = operacion
        self.data = data
        self.estado = estado


class AnyModule(pickle.Unpickler):
    """Finds a class Mensaje under every module name."""

    def find_class(self, module, name):
        if name == "Mensaje" and module not in sys.modules:
            crear_clase(module)
        return pickle.Unpickler.find_class(self, module, name)


def loads(payload):
    try:
        return pickle.loads(payload)
    except ImportError:
        return AnyModule(io.BytesIO(payload)).load()


def children(value):
    """The objects inside a container, in the order of the repr, or None for what is no container."""
    kind = type(value)
    if kind in (list, tuple):
        return list(value)
    if kind in (set, frozenset):
        return sorted(value, key=lambda item: Canonical(None).write(item))
    if kind is dict:
        pairs = value.items()
        if PYTHON2:
            pairs = sorted(pairs, key=lambda pair: Canonical(None).write(pair[0]))
        return [item for pair in pairs for item in pair]
    if kind is bytearray:
        return []
    if has_only_attributes(value):
        return [item for pair in value.__dict__.items() for item in pair]
    return None


def has_only_attributes(value):
    """Whether a value is an instance of a plain class, such as Mensaje; anything else says itself what it is."""
    plain = type(value).__repr__ is object.__repr__ or type(value).__name__ == "instance"
    return plain and hasattr(value, "__dict__")


def is_shared_by_python(value):
    return type(value) in (tuple, frozenset) and len(value) == 0


class Canonical(object):
    """Writes the canonical repr of a value; `met` counts how often each container occurs, None labels none."""

    def __init__(self, met):
        self.met = met
        self.labels = {}
        self.open = set()

    def write(self, value):
        inside = children(value)
        if inside is None:
            return self.scalar(value)
        key = id(value)
        if key in self.labels:
            return "#%d#" % self.labels[key]
        if self.met is None:
            if key in self.open:
                return "#"
            self.open.add(key)
            text = self.container(value, inside)
            self.open.discard(key)
            return text
        label = ""
        if self.met[key] > 1 and not is_shared_by_python(value):
            self.labels[key] = len(self.labels) + 1
            label = "#%d=" % self.labels[key]
        return label + self.container(value, inside)

    def container(self, value, inside):
        kind = type(value)
        if kind is bytearray:
            return "bytearray(%s)" % self.scalar(bytes(value))
        items = [self.write(item) for item in inside]
        if kind is list:
            return "[%s]" % ", ".join(items)
        if kind is tuple:
            return "(%s%s)" % (", ".join(items), "," if len(items) == 1 else "")
        if kind in (set, frozenset):
            return "%s([%s])" % (kind.__name__, ", ".join(items))
        pairs = ", ".join("%s: %s" % pair for pair in zip(items[::2], items[1::2]))
        if kind is dict:
            return "{%s}" % pairs
        # An old-style instance of Python 2 tells its class only by __class__.
        return "%s.%s{%s}" % (value.__class__.__module__, value.__class__.__name__, pairs)

    def scalar(self, value):
        if PYTHON2:
            if type(value) is unicode:  # noqa: F821 - Python 2's
                return repr(value)[1:]
            return "b" + repr(value) if type(value) is str else repr(value)
        return ascii(value)


def count(value, met):
    """How often each container occurs in a value, by id."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        inside = children(item)
        if inside is None:
            continue
        met[id(item)] = met.get(id(item), 0) + 1
        if met[id(item)] == 1:
            waiting.extend(inside)
    return met


def canonical(value):
    return Canonical(count(value, {})).write(value)


def read_exactly(stream, length):
    data = stream.read(length)
    if len(data) < length:
        sys.exit(0)
    return data


def main():
    source = sys.stdin if PYTHON2 else sys.stdin.buffer
    target = sys.stdout if PYTHON2 else sys.stdout.buffer
    while True:
        (length,) = struct.unpack(">I", read_exactly(source, 4))
        request = read_exactly(source, length)
        try:
            value = loads(request[1:])
            first = pickle.dumps(value, ord(request[0:1]))
            second = canonical(value)
        except Exception as error:
            first = b""
            second = "%s: %s" % (type(error).__name__, error)
        if not isinstance(second, bytes):
            second = second.encode("utf-8", "backslashreplace")
        target.write(struct.pack(">I", len(first)) + first + struct.pack(">I", len(second)) + second)
        target.flush()


if __name__ == "__main__":
    main()
