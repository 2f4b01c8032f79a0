"""A value as ASCII text that is the same for equal values and for no others: types, numbers by their bits, the order of
items, and which containers are one. ../describe.ts writes the same text of what our decoder gives.

Containers are numbered in the order in which they are first met, and a later meeting is only that number. What stands in
sets comes last, sorted, as a set has no order: by number where it has one, else by a text without numbers.
"""

import struct
from collections import deque

from stubs import Made, Named, Persistent

MOST_PARTS = 3000
DEEPEST_KEY = 3

pack_double = struct.Struct(">d").pack


class TooComplex(Exception):
    """An item of a set whose place among the others takes too long to find."""


class Token(str):
    """A piece of the description itself."""

    __slots__ = ()


def text(value):
    if value.isascii():
        return "s%d:%s" % (len(value), value)
    return "u" + ",".join(["%x" % ord(c) for c in value])


def of_float(value):
    return "f" + pack_double(value).hex() if value == value else "fnan"


class Description:
    def __init__(self):
        self.out = []
        self.numbers = {}
        self.sets = deque()
        self.stack = []

    def leaf(self, value, kind):
        """The text of a value that has no parts and no identity; None for any other."""
        if kind is str:
            return text(value)
        if kind is int:
            return "i%x" % value
        if value is None:
            return "N"
        if kind is bool:
            return "T" if value else "F"
        if kind is float:
            return of_float(value)
        if kind is Named:
            return "g %s %s" % (text(value.name[0]), text(value.name[1]))
        if kind is memoryview:
            return "m%s%s" % ("r" if value.readonly else "w", value.hex())
        if kind is bytes and len(value) < 2:
            return "b" + value.hex()
        if kind is tuple and not value:
            return "t0"
        if kind is frozenset and not value:
            return "Z0"
        return None

    def whole(self, root):
        self.walk([root])
        while self.sets:
            found = self.sets.popleft()
            self.out.append("C%d" % self.numbers[id(found)])
            self.walk(self.in_order(found))
        return " ".join(self.out)

    def walk(self, values):
        stack, out, numbers, leaf = self.stack, self.out, self.numbers, self.leaf
        stack.extend(reversed(values))
        while stack:
            value = stack.pop()
            kind = type(value)
            if kind is Token:
                out.append(value)
                continue
            written = leaf(value, kind)
            if written is not None:
                out.append(written)
                continue
            if kind is Persistent:
                out.append("p")
                stack.append(value.pid)
                continue
            number = numbers.get(id(value))
            if number is not None:
                out.append("#%d" % number)
                continue
            numbers[id(value)] = len(numbers)
            if kind is list:
                out.append("l%d" % len(value))
                stack.extend(reversed(value))
            elif kind is tuple:
                out.append("t%d" % len(value))
                stack.extend(reversed(value))
            elif kind is dict:
                out.append("d%d" % len(value))
                for pair in reversed(value.items()):
                    stack.append(pair[1])
                    stack.append(pair[0])
            elif kind is set or kind is frozenset:
                out.append("%s%d" % ("S" if kind is set else "Z", len(value)))
                self.sets.append(value)
            elif kind is bytes:
                out.append("b" + value.hex())
            elif kind is bytearray:
                out.append("y" + value.hex())
            elif kind is Made:
                out.append("o%s %d %d" % (value.how, len(value.args), len(value.kwargs)))
                stack.extend(reversed(parts_of(value)))
            else:
                raise TypeError("no description of %s" % kind.__name__)

    def in_order(self, found):
        keyed = sorted([(self.key(item), item) for item in found], key=first)
        items = []
        for i, (key, item) in enumerate(keyed):
            tied = (i > 0 and keyed[i - 1][0] == key) or (i + 1 < len(keyed) and keyed[i + 1][0] == key)
            items.append(Token("~" + key) if tied else item)
        return items

    def key(self, item):
        self.parts = 0
        return self.free(item, 0)

    def free(self, value, depth):
        """A text that takes no notice of what is the same as what, but for what is numbered already."""
        self.parts += 1
        if self.parts > MOST_PARTS:
            raise TooComplex
        kind = type(value)
        if kind is Token:
            return value
        written = self.leaf(value, kind)
        if written is not None:
            return written
        number = self.numbers.get(id(value))
        if number is not None:
            return "#%d" % number
        if kind is tuple or kind is frozenset:
            if depth > DEEPEST_KEY:
                return "...%d" % len(value)
            parts = [self.free(item, depth + 1) for item in value]
            return "t(%s)" % " ".join(parts) if kind is tuple else "Z(%s)" % " ".join(sorted(parts))
        if kind is Made:
            if depth > DEEPEST_KEY:
                return "o..."
            parts = [self.free(item, depth + 1) for item in parts_of(value)]
            return "o%s(%s)" % (value.how, " ".join(parts))
        if kind is Persistent:
            return "p..." if depth > DEEPEST_KEY else "p(%s)" % self.free(value.pid, depth + 1)
        if kind is bytes:
            return "b" + value.hex()
        return "?%d" % len(value)


def first(pair):
    return pair[0]


def parts_of(made):
    """The callable, the arguments and the changes of an instance; changes of one kind in a row are one."""
    parts = [made.callable]
    parts.extend(made.args)
    for pair in made.kwargs.items():
        parts.extend(pair)
    merged = []
    for kind, values in made.changes:
        if merged and kind != "b" and merged[-1][0] == kind:
            merged[-1][1].extend(values)
        else:
            merged.append((kind, list(values)))
    for kind, values in merged:
        parts.append(Token("%s%d" % (kind, len(values))))
        parts.extend(values)
    parts.append(Token("."))
    return parts


def describe(value):
    return Description().whole(value)
