"""pickle.Pickler over the codec: walks an object as CPython's does, and has Node write it."""

import copyreg
import io
import pickle
import struct
import sys
import types

from engine import codec, extensions, from_base64, to_base64

PickleBuffer = getattr(pickle, "PickleBuffer", ())
ABSENT = object()
SMALL = 2 ** 53
# Seen with each pickle that was written.
listeners = []


def find_global(obj, name):
    """Module and qualified name that an object is found again by."""
    name = name or getattr(obj, "__qualname__", None) or obj.__name__
    module_name = pickle.whichmodule(obj, name)
    try:
        __import__(module_name, level=0)
        found = sys.modules[module_name]
        for part in name.split("."):
            if part == "<locals>":
                raise AttributeError(name)
            parent, found = found, getattr(found, part)
    except (ImportError, KeyError, AttributeError) as error:
        raise pickle.PicklingError("%r is not found as %s.%s" % (obj, module_name, name)) from error
    if found is not obj:
        raise pickle.PicklingError("%r is not the same as %s.%s" % (obj, module_name, name))
    return module_name, name


def iterator(items):
    if not hasattr(items, "__next__"):
        raise pickle.PicklingError("what __reduce__ gives as items must be an iterator")
    return items


class Walk:
    """One object on its way into a table: rows by identity, and what keeps them alive."""

    def __init__(self, pickler):
        self.pickler = pickler
        self.proto = pickler._proto
        self.rows = []
        self.memo = {}
        self.persistent_id = getattr(pickler, "persistent_id", None)

    def row(self, row, obj=ABSENT):
        self.rows.append(row)
        reference = [len(self.rows) - 1]
        if obj is not ABSENT and not self.pickler.fast:
            self.memo[id(obj)] = reference, obj
        return reference

    def save(self, obj, ask_persistent=True):
        if ask_persistent and self.persistent_id is not None:
            pid = self.persistent_id(obj)
            if pid is not None:
                return self.row(["persistent", self.save(str(pid) if self.proto == 0 else pid, False)])
        kind = type(obj)
        if obj is None or kind is bool:
            return obj
        if kind is int:
            return obj if -SMALL < obj < SMALL else ["i", "%x" % obj]
        if kind is float:
            return ["f", struct.pack(">d", obj).hex()]
        if kind is str:
            return obj
        if id(obj) in self.memo:
            return self.memo[id(obj)][0]
        by_kind = self.KINDS.get(kind)
        if by_kind is not None:
            return by_kind(self, obj)
        if PickleBuffer and kind is PickleBuffer:
            return self.save_buffer(obj)
        return self.save_other(obj, kind)

    def save_bytes(self, obj):
        return self.row([type(obj).__name__, to_base64(obj)], obj)

    def save_list(self, obj):
        items = []
        reference = self.row(["list", items], obj)
        for item in obj:
            items.append(self.save(item))
        return reference

    def save_dict(self, obj):
        entries = []
        reference = self.row(["dict", entries], obj)
        for key, value in obj.items():
            entries += self.save(key), self.save(value)
        return reference

    def save_set(self, obj):
        items = []
        reference = self.row(["set", items], obj)
        for item in obj:
            items.append(self.save(item))
        return reference

    def save_complete(self, obj):
        items = [self.save(item) for item in obj]
        if id(obj) in self.memo:
            return self.memo[id(obj)][0]
        return self.row([type(obj).__name__, items], obj)

    KINDS = {
        bytes: save_bytes, bytearray: save_bytes, list: save_list, dict: save_dict, set: save_set,
        tuple: save_complete, frozenset: save_complete,
    }

    def save_buffer(self, obj):
        callback = self.pickler._buffer_callback
        with obj.raw() as view:
            keep = bool(callback(obj)) if callback is not None else True
            return self.row(["buffer", to_base64(view), view.readonly, keep], obj)

    def save_other(self, obj, kind):
        reduced = NotImplemented
        override = getattr(self.pickler, "reducer_override", ABSENT)
        if override is not ABSENT:
            reduced = override(obj)
        if reduced is NotImplemented:
            if kind is type and obj in (type(None), type(NotImplemented), type(...)):
                singleton = {type(None): None, type(NotImplemented): NotImplemented, type(...): ...}[obj]
                return self.save_reduce(obj, type, (singleton,))
            if kind is type or kind is types.FunctionType:
                return self.save_global(obj)
            table = getattr(self.pickler, "dispatch_table", copyreg.dispatch_table)
            reduce = table.get(kind, ABSENT)
            if reduce is not ABSENT:
                reduced = reduce(obj)
            elif issubclass(kind, type):
                return self.save_global(obj)
            else:
                reduce_ex = getattr(obj, "__reduce_ex__", ABSENT)
                reduced = obj.__reduce__() if reduce_ex is ABSENT else reduce_ex(self.proto)
        if isinstance(reduced, str):
            return self.save_global(obj, reduced)
        if not isinstance(reduced, tuple):
            raise pickle.PicklingError("__reduce__ must return a string or tuple")
        if not 2 <= len(reduced) <= 6:
            raise pickle.PicklingError("tuple returned by __reduce__ must contain 2 through 6 elements")
        return self.save_reduce(obj, *reduced)

    def save_global(self, obj, name=None):
        module, name = find_global(obj, name)
        return self.row(["global", module, name], obj)

    def save_reduce(self, obj, func, args, state=None, listitems=None, dictitems=None, state_setter=None):
        if not isinstance(args, tuple):
            raise pickle.PicklingError("args from __reduce__ must be a tuple")
        if not callable(func):
            raise pickle.PicklingError("func from __reduce__ must be callable")
        name = getattr(func, "__name__", "") if self.proto >= 2 else ""
        construction, kwargs = "call", None
        if name in ("__newobj__", "__newobj_ex__"):
            construction = "new"
            if name == "__newobj__":
                func, args = args[0], args[1:]
            else:
                func, args, kwargs = args
            if not hasattr(func, "__new__"):
                raise pickle.PicklingError("args[0] from %s args has no __new__" % name)
            if func is not obj.__class__:
                raise pickle.PicklingError("args[0] from %s args has the wrong class" % name)
            if not isinstance(args, tuple) or not isinstance(kwargs, (dict, type(None))):
                raise pickle.PicklingError("%s arguments must be a tuple and a dict" % name)
        saved = [self.save(func), self.save(args), None if kwargs is None else self.save(kwargs)]
        if id(obj) in self.memo:
            return self.memo[id(obj)][0]
        changes = []
        reference = self.row(["object"] + saved + [construction, changes], obj)
        if listitems is not None:
            changes.append(["append", [self.save(item) for item in iterator(listitems)]])
        if dictitems is not None:
            values = []
            changes.append(["set", values])
            for key, value in iterator(dictitems):
                values += self.save(key), self.save(value)
        if state is not None and state_setter is not None:
            changes.append(["call", [self.save(state_setter), self.save(state)]])
        elif state is not None:
            changes.append(["build", [self.save(state)]])
        return reference


class Pickler:
    fast = False

    def __init__(self, file, protocol=None, *, fix_imports=True, buffer_callback=None):
        if protocol is None:
            protocol = pickle.DEFAULT_PROTOCOL
        if protocol > pickle.HIGHEST_PROTOCOL:
            raise ValueError("pickle protocol must be <= %d" % pickle.HIGHEST_PROTOCOL)
        self._proto = protocol if protocol >= 0 else pickle.HIGHEST_PROTOCOL
        self._names = bool(fix_imports)
        self._buffer_callback = buffer_callback
        try:
            self._write = file.write
        except AttributeError:
            raise TypeError("file must have a 'write' attribute")

    def clear_memo(self):
        """Nothing to clear: each pickle stands alone."""

    def dump(self, obj):
        if not hasattr(self, "_write"):
            raise pickle.PicklingError("Pickler.__init__() was not called")
        walk = Walk(self)
        root = walk.save(obj)
        reply = codec.ask({
            "op": "dumps",
            "rows": walk.rows,
            "root": root,
            "protocol": self._proto,
            "names": self._names,
            "extensions": extensions(),
            "bufferCallback": self._buffer_callback is not None,
        })
        parts = [from_base64(part) for part in reply["parts"]]
        for listener in listeners:
            listener(b"".join(parts))
        for part in parts:
            self._write(part)


def dump(obj, file, protocol=None, **options):
    Pickler(file, protocol, **options).dump(obj)


def dumps(obj, protocol=None, **options):
    file = io.BytesIO()
    dump(obj, file, protocol, **options)
    return file.getvalue()
