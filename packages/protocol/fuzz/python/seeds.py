"""Writes ../seeds.ts: pickles by CPython's own pickler, for the fuzzer to change."""

import array
import collections
import copyreg
import datetime
import decimal
import fractions
import io
import pickle
import sys
import types
import uuid


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self):
        self.a = 1
        self.b = [2]


class Items(list):
    pass


class Mapping(dict):
    pass


class Tags(set):
    pass


class Text(str):
    pass


class Keyword:
    def __new__(cls, *, size):
        made = object.__new__(cls)
        made.size = size
        return made

    def __getnewargs_ex__(self):
        return (), {"size": self.size}


class Outer:
    class Inner:
        pass


app = sys.modules["app"] = types.ModuleType("app")
for made in (Point, Slotted, Items, Mapping, Tags, Text, Keyword, Outer, Outer.Inner):
    made.__module__ = "app"
    setattr(app, made.__name__, made)


class Pickler(pickle.Pickler):
    """Takes tuples of "id" and something for persistent."""

    def persistent_id(self, value):
        return value[1] if type(value) is tuple and len(value) == 2 and value[0] == "id" else None


def recursive():
    point = Point(1, None)
    point.y = {"self": point, "list": [point]}
    items = Items([1, 2])
    items.append(items)
    items.owner = point
    return [point, items]


def recursive_tuple():
    inner = []
    outer = (inner, Tags([1, 2]))
    inner.append(outer)
    return outer


def recursive_set():
    tags = set()
    point = Point(tags, 0)
    tags.add(point)
    return tags


VALUES = [
    Point(1, -2.5),
    [Point(0, [1, 2]), Point("a", b"b")],
    Items([1, "two", 3.0]),
    Mapping(a=1, b={"c": (1, 2, 3, 4)}),
    Tags([7]),
    Text("text"),
    recursive(),
    recursive_tuple(),
    recursive_set(),
    {frozenset([1, 2]), (3, (4, 5)), b"six"},
    [datetime.datetime(2020, 1, 2, 3, 4, 5), datetime.timedelta(1, 2), datetime.timezone.utc],
    [decimal.Decimal("1.5"), fractions.Fraction(1, 3), uuid.UUID(int=7), complex(1, 2)],
    [collections.OrderedDict(a=1), collections.deque([1, 2], 5), collections.Counter("aab")],
    [collections.defaultdict(list, k=[1]), range(1, 9, 2), slice(1, 2), Ellipsis, NotImplemented],
    array.array("i", [1, 2, 3]),
    [("id", "one"), ("id", "2"), ("id", "one")],
    [set([1]), frozenset(["a"]), bytearray(b"array"), b"", b"\x00\xff"],
    [0, 1, -1, 255, 256, 65536, -(2**31), 2**31, 2**63, -(2**64), 2**600, True, None],
    [0.0, -0.0, 1.5, 1e300, float("inf"), float("nan")],
    ["", "a", "spam", "\xe9\u4e2d\U0001f600\ud800", "line\n\\u0041\r\0"],
    {1: "a", 2.5: "b", "c": None, (1, "x"): [], True: "same as 1"},
    {"__proto__": 1, "constructor": {"__proto__": []}},
    [len, dict, Point],
    [[] for _ in range(5)],
    list(range(30)),
    "x" * 300,
]
OF_PROTOCOL_2 = [Slotted(), Keyword(size=3), [Outer, Outer.Inner()]]

PYTHON2 = [
    b"(iapp\nOld\np0\n(dp1\nS'x'\np2\nI1\nsb.",
    b"(capp\nOld\nq\x00oq\x01}q\x02U\x01xq\x03K\x01sb.",
    b"(I1\niapp\nOld\n.",
    b"(capp\nOld\nK\x01K\x02o.",
    b"(lp0\nI01\naI00\naL12345678901234567890L\naF1.5\naS'it\\'s \\x00 \\xe9'\np1\naV\\u20ac\np2\nag1\na.",
    b"(dp0\nS'a'\nI1\nsS'b'\n(I1\nI2\ntp1\ns.",
    b"(I1\nI2\nd.",
    b"]q\x00(U\x03abcq\x01T\x02\x00\x00\x00\xe9\xffq\x02h\x01e.",
    b"\x80\x02c__builtin__\nxrange\nK\x05\x85R.",
    b"\x80\x02cUserDict\nUserDict\n)\x81}U\x04data}sb.",
    b"((lp0\nI1\na0(I1\nI2\n1N.",
    b"Pone\n.",
    b"K\x012K\x02\x87.",
]


def dumps(value, protocol, cls=Pickler, **options):
    out = io.BytesIO()
    cls(out, protocol, **options).dump(value)
    return out.getvalue()


def written(value, protocol):
    """None for what a protocol cannot write."""
    try:
        yield dumps(value, protocol)
    except (pickle.PicklingError, TypeError, RecursionError):
        pass


def pickles():
    for protocol in range(6):
        for value in VALUES:
            yield from written(value, protocol)
        if protocol > 1:
            for value in OF_PROTOCOL_2:
                yield from written(value, protocol)
    copyreg.add_extension("app", "Point", 7)
    copyreg.add_extension("app", "Items", 255)
    copyreg.add_extension("app", "Mapping", 256)
    copyreg.add_extension("app", "Tags", 65536)
    for protocol in range(2, 6):
        yield dumps([Point(1, 2), Items([1]), Mapping(a=1), Tags([2]), Point], protocol)
    buffers = [pickle.PickleBuffer(b"bytes"), pickle.PickleBuffer(bytearray(b"array"))]
    yield dumps([buffers[0], buffers[1], buffers[0]], 5, pickle.Pickler, buffer_callback=lambda b: None)
    yield dumps([buffers[0], buffers[1]], 5, pickle.Pickler, buffer_callback=lambda b: True)
    yield dumps(buffers, 5, pickle.Pickler)
    yield from PYTHON2


def main():
    print("// Pickles that CPython wrote, in hex. Made by python/seeds.py: change that, not this.\n")
    print("/** One pickle each. */")
    print("export const seeds: readonly string[] = `")
    for data in dict.fromkeys(pickles()):
        print(data.hex())
    print("`.trim().split(\"\\n\");")


main()
