"""pickle.Unpickler over the codec: has Node read a pickle, and makes in Python what the table says."""

import _compat_pickle
import copyreg
import io
import pickle
import struct
import sys

from engine import codec, extensions, from_base64, to_base64


def build(instance, state):
    """What BUILD does."""
    setstate = getattr(instance, "__setstate__", build)
    if setstate is not build:
        setstate(state)
        return
    slots = None
    if isinstance(state, tuple) and len(state) == 2:
        state, slots = state
    if state:
        if not isinstance(state, dict):
            raise pickle.UnpicklingError("state is not a dictionary")
        attributes = instance.__dict__
        for key, value in state.items():
            attributes[sys.intern(key) if type(key) is str else key] = value
    if slots:
        for key, value in slots.items():
            setattr(instance, key, value)


def change(instance, kind, values):
    if kind == "build":
        build(instance, *values)
    elif kind == "call":
        values[0](instance, values[1])
    elif kind == "set":
        put_entries(instance, values)
    elif kind == "add":
        if isinstance(instance, set):
            instance.update(values)
        else:
            for value in values:
                instance.add(value)
    else:
        extend = getattr(instance, "extend", None)
        if extend is not None and len(values) > 1:
            extend(values)
        else:
            for value in values:
                instance.append(value)


def put_entries(made, values):
    for index in range(0, len(values), 2):
        made[values[index]] = values[index + 1]


FILLED = {"list": (list, list.extend), "set": (set, set.update), "dict": (dict, put_entries)}
DONE = 3


class Making:
    """A table on its way into an object."""

    def __init__(self, unpickler, rows):
        self.unpickler = unpickler
        self.rows = rows
        self.memo = {}
        # In JavaScript equal strings are one value.
        self.strings = {}
        # How often each container is being filled.
        self.filling = {}

    def load(self, reference):
        if type(reference) is str:
            return self.strings.setdefault(reference, reference)
        if type(reference) is not list:
            return reference
        if len(reference) == 2:
            return int(reference[1], 16) if reference[0] == "i" else self.load_float(None, reference[1])
        number = reference[0]
        kind, *parts = self.rows[number]
        if kind in FILLED:
            return self.fill(number, kind, *parts)
        if number not in self.memo:
            made = getattr(self, "load_" + kind)(number, *parts)
            # It may have been made already by way of its own parts: then it is that one.
            self.memo.setdefault(number, made)
        return self.memo[number]

    def fill(self, number, kind, parts):
        """A container. What goes into it may ask for it: then it is filled there, as in the pickle."""
        make, put = FILLED[kind]
        made = self.memo.setdefault(number, make())
        depth = self.filling.get(number, 0)
        if depth < 2:
            self.filling[number] = depth + 1
            values = [self.load(part) for part in parts]
            if self.filling[number] != DONE:
                self.filling[number] = DONE
                put(made, values)
        return made

    def load_float(self, _, bits):
        return struct.unpack(">d", bytes.fromhex(bits))[0]

    def load_bytes(self, _, data):
        return from_base64(data)

    def load_bytearray(self, _, data):
        return bytearray(from_base64(data))

    def load_token(self, _, index, readonly):
        buffer = self.unpickler._buffers[index]
        if readonly:
            with memoryview(buffer) as view:
                if not view.readonly:
                    return view.toreadonly()
        return buffer

    def load_tuple(self, _, items):
        return tuple(map(self.load, items))

    def load_frozenset(self, _, items):
        return frozenset(map(self.load, items))

    def load_global(self, _, module, name):
        return self.unpickler._find(module, name)

    def load_persistent(self, _, pid):
        persistent_load = getattr(self.unpickler, "persistent_load", None)
        if persistent_load is None:
            raise pickle.UnpicklingError("a persistent id, and no persistent_load")
        return persistent_load(self.load(pid))

    def load_extension(self, _, code):
        key = copyreg._inverted_registry.get(code)
        if not key:
            raise ValueError("unregistered extension code %d" % code)
        module, name = key
        return self.unpickler._find(module, name)

    def load_object(self, number, function, args, kwargs, construction, changes):
        function, args = self.load(function), self.load(args)
        kwargs = {} if kwargs is None else self.load(kwargs)
        if number in self.memo:
            return self.memo[number]
        if construction == "call":
            instance = function(*args)
        elif construction == "new":
            if not isinstance(function, type):
                raise pickle.UnpicklingError("NEWOBJ class argument must be a type")
            instance = function.__new__(function, *args, **kwargs)
        elif args or not isinstance(function, type) or hasattr(function, "__getinitargs__"):
            instance = function(*args)
        else:
            instance = function.__new__(function)
        self.memo[number] = instance
        for kind, values in changes:
            change(instance, kind, [self.load(value) for value in values])
        return instance


class Unpickler:
    def __init__(self, file, *, fix_imports=True, encoding="ASCII", errors="strict", buffers=None):
        self._file = file
        self._readline = file.readline
        self._read = file.read
        self._fix_imports = fix_imports
        if errors != "strict":
            raise LookupError("the codec knows errors='strict' only")
        self._encoding = "latin1" if encoding == "latin-1" else encoding.lower()
        self._buffers = None if buffers is None else list(buffers)
        self._ahead = b""
        self._proto = 0
        self._plain = fix_imports

    def _find(self, module, name):
        """Finds what the codec named, which has told the names of Python 2 already."""
        self._plain = False
        try:
            return self.find_class(module, name)
        finally:
            self._plain = self._fix_imports

    def find_class(self, module, name):
        if self._plain and self._proto < 3:
            if (module, name) in _compat_pickle.NAME_MAPPING:
                module, name = _compat_pickle.NAME_MAPPING[module, name]
            elif module in _compat_pickle.IMPORT_MAPPING:
                module = _compat_pickle.IMPORT_MAPPING[module]
        __import__(module, level=0)
        found = sys.modules[module]
        for part in name.split(".") if self._proto >= 4 else [name]:
            if part == "<locals>":
                raise AttributeError("Can't get local attribute %r on %r" % (name, found))
            found = getattr(found, part)
        return found

    def load(self):
        if not hasattr(self, "_read"):
            raise pickle.UnpicklingError("Unpickler.__init__() was not called")
        seekable = not hasattr(self._file, "seekable") or self._file.seekable()
        seekable = seekable and hasattr(self._file, "seek")
        start = self._file.tell() if seekable else 0
        data = self._ahead + self._read()
        self._proto = data[1] if data[:1] == pickle.PROTO and len(data) > 1 else 0
        reply = codec.ask({
            "op": "loads",
            "data": to_base64(data),
            "encoding": self._encoding,
            "names": bool(self._fix_imports),
            "extensions": extensions(),
            "buffers": None if self._buffers is None else [memoryview(one).readonly for one in self._buffers],
        })
        if seekable:
            self._file.seek(start + reply["bytesRead"])
        else:
            self._ahead = data[reply["bytesRead"]:]
        return Making(self, reply["rows"]).load(reply["root"])


def load(file, **options):
    return Unpickler(file, **options).load()


def loads(data, **options):
    return load(io.BytesIO(data), **options)
