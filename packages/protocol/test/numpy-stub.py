# Stands for NumPy in tests: classes and functions of NumPy's names, whose instances give pickle what NumPy's give it.
# Source: NumPy, numpy/_core/src/multiarray: methods.c (array_reduce, array_reduce_ex), descriptor.c (arraydescr_reduce),
# scalartypes.c.src (gentype_reduce). It calculates nothing.

import pickle
import re
import sys
import types

PACKAGE = globals().get("PACKAGE", "numpy.core")


def module(name):
    made = types.ModuleType(name)
    made.__path__ = []
    sys.modules[name] = made
    return made


def member(of, thing):
    thing.__module__ = of.__name__
    thing.__qualname__ = thing.__name__
    setattr(of, thing.__name__, thing)
    return thing


numpy = module("numpy")
module(PACKAGE)
multiarray = module(PACKAGE + ".multiarray")
numeric = module(PACKAGE + ".numeric")


class dtype:
    def __init__(self, text, align=False, copy=False):
        self.text = text
        self.state = None

    def __setstate__(self, state):
        self.state = state

    def __reduce__(self):
        return dtype, ("".join(self.text), False, True), self.state

    def __repr__(self):
        return "dtype(%r, %r)" % (self.text, self.state)


class ndarray:
    def __init__(self, shape=(0,), of=None, data=b"", order="C", writable=True):
        self.__dict__.update(shape=shape, dtype=of, data=data, order=order, writable=writable)

    def __setstate__(self, state):
        version, self.shape, self.dtype, fortran, self.data = state
        assert version == 1
        self.order = "F" if fortran else "C"

    def __reduce__(self):
        state = (1, tuple(list(self.shape)), self.dtype, self.order == "F", self.data)
        return _reconstruct, (ndarray, tuple([0]), b"b"), state

    def __reduce_ex__(self, protocol):
        if protocol < 5 or isinstance(self.data, list) or self.dtype.text[0] in "mM":
            return self.__reduce__()
        data = bytearray(self.data) if self.writable else self.data
        return _frombuffer, (pickle.PickleBuffer(data), self.dtype, tuple(list(self.shape)), self.order)

    def __repr__(self):
        shown = self.data if isinstance(self.data, list) else bytes(self.data)
        return "array(%r, %r, %r, %r, %r)" % (self.shape, self.dtype, shown, self.order, self.writable)


def _reconstruct(subtype, shape, kind):
    assert subtype is ndarray and shape == (0,) and kind == b"b"
    return ndarray()


def _frombuffer(buffer, of, shape, order):
    return ndarray(shape, of, bytes(buffer), order, not memoryview(buffer).readonly)


class generic:
    def __init__(self, of, data):
        self.dtype, self.data = of, data

    def __reduce__(self):
        return scalar, (self.dtype, bytes(self.data))

    def __repr__(self):
        return "scalar(%r, %r)" % (self.dtype, self.data)


def scalar(of, data):
    return generic(of, data)


for thing in dtype, ndarray, generic:
    member(numpy, thing)
for thing in _reconstruct, scalar:
    member(multiarray, thing)
member(numeric, _frombuffer)

made = {}


def D(text):
    """The one dtype of a text, as numpy.dtype(text) has it."""
    if text not in made:
        order, kind, size, unit = re.fullmatch(r"(.)(\w)(\d+)(?:\[(\w+)\])?", text).groups()
        of = dtype(kind + size)
        length, alignment = -1, -1
        if kind in "SUV":
            length, alignment = (int(size) * 4, 4) if kind == "U" else (int(size), 1)
        flags = {"O": 63, "U": 8}.get(kind, 0)
        of.state = (3, order, None, None, None, length, alignment, flags)
        if kind in "mM":
            count, name = re.fullmatch(r"(\d*)(.+)", unit).groups()
            of.state = (4,) + of.state[1:] + (({}, (name.encode(), int(count or 1), 1, 1)),)
        made[text] = of
    return made[text]


def structured(size, **fields):
    of = dtype("V%d" % size)
    of.state = (3, "|", None, tuple(fields), {k: (D(t), at) for k, (t, at) in fields.items()}, size, 1, 0)
    return of


def A(text, shape, data, order="C", writable=True):
    return ndarray(shape, D(text), data if isinstance(data, list) else bytes.fromhex(data), order, writable)


def S(text, data):
    return generic(D(text), bytes.fromhex(data))


def out_of_band(value):
    buffers = []
    data = pickle.dumps(value, 5, buffer_callback=buffers.append)
    return data, [bytes(buffer.raw()) for buffer in buffers]


def loads(data, buffers):
    return pickle.loads(data, buffers=buffers)
