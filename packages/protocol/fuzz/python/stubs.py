"""What stands in for the classes and functions that a pickle names: nothing of it runs, all of it is recorded.

A name is a class, as NEWOBJ wants one; whatever it is called with becomes a Made. Only the few callables that the codec
itself knows (builtins.set and the like) are called, and only with the arguments that CPython's pickler gives them.
"""


class Made:
    """The result of a call that was not made, with all that the pickle did to it."""

    __slots__ = ("callable", "args", "kwargs", "how", "changes")

    def __init__(self, callable, args, kwargs, how):
        for key in kwargs:
            if type(key) is not str:
                raise TypeError("keywords must be strings")
        self.callable = callable
        self.args = args
        self.kwargs = kwargs
        self.how = how
        self.changes = []

    def __call__(self, *args):
        return Made(self, args, {}, "call")

    def extend(self, items):
        self.changes.append(("a", items))

    def add(self, item):
        self.changes.append(("d", (item,)))

    def __setitem__(self, key, value):
        self.changes.append(("s", (key, value)))

    def __setstate__(self, state):
        self.changes.append(("b", (state,)))


class Persistent:
    """What a persistent id stands for."""

    __slots__ = ("pid",)

    def __init__(self, pid):
        self.pid = pid

    def __call__(self, *args):
        return Made(self, args, {}, "call")


class Named(type):
    """The type of all classes that a pickle names."""

    # Has OBJ and INST call a class even when there are no arguments.
    __getinitargs__ = None

    def __call__(cls, *args):
        call = calls.get(cls.name)
        return Made(cls, args, {}, "call") if call is None else call(cls, args)

    def __setattr__(cls, name, value):
        raise TypeError("a stub cannot be changed")


class Stub(metaclass=Named):
    def __new__(cls, *args, **kwargs):
        return Made(cls, args, kwargs, "new")


stubs = {}


def stub(module, qualname):
    """The one class of that name."""
    name = (module, qualname)
    found = stubs.get(name)
    if found is None:
        if len(stubs) > 4000:
            stubs.clear()
        found = stubs[name] = type.__call__(Named, "Stub", (Stub,), {"name": name})
    return found


def items_of(args):
    if not args:
        return ()
    return args[0] if len(args) == 1 and type(args[0]) is list else None


def call_set(cls, args):
    items = items_of(args)
    return Made(cls, args, {}, "call") if items is None else set(items)


def call_frozenset(cls, args):
    items = items_of(args)
    return Made(cls, args, {}, "call") if items is None else frozenset(items)


def latin1(args):
    if len(args) != 2 or type(args[0]) is not str or type(args[1]) is not str:
        return None
    if args[1] not in ("latin1", "latin-1"):
        return None
    try:
        return args[0].encode("latin1")
    except UnicodeEncodeError:
        return None


def bytes_of(args):
    if not args:
        return b""
    return args[0] if len(args) == 1 and type(args[0]) is bytes else latin1(args)


def call_bytes(cls, args):
    value = bytes_of(args)
    return Made(cls, args, {}, "call") if value is None else value


def call_bytearray(cls, args):
    value = bytes_of(args)
    return Made(cls, args, {}, "call") if value is None else bytearray(value)


def call_encode(cls, args):
    value = latin1(args)
    return Made(cls, args, {}, "call") if value is None else value


def can_be_called(value):
    return type(value) in (Named, Made, Persistent)


def call_reconstructor(cls, args):
    if len(args) == 3 and args[1] is stub("builtins", "object") and args[2] is None:
        if can_be_called(args[0]):
            return Made(args[0], (), {}, "new")
    return Made(cls, args, {}, "call")


def call_newobj(cls, args):
    if args and can_be_called(args[0]):
        return Made(args[0], args[1:], {}, "new")
    return Made(cls, args, {}, "call")


def call_newobj_ex(cls, args):
    if len(args) == 3 and can_be_called(args[0]) and type(args[1]) is tuple and type(args[2]) is dict:
        if all(type(key) is str for key in args[2]):
            return Made(*args, "new")
    return Made(cls, args, {}, "call")


calls = {
    ("builtins", "set"): call_set,
    ("builtins", "frozenset"): call_frozenset,
    ("builtins", "bytes"): call_bytes,
    ("builtins", "bytearray"): call_bytearray,
    ("_codecs", "encode"): call_encode,
    ("copyreg", "_reconstructor"): call_reconstructor,
    ("copyreg", "__newobj__"): call_newobj,
    ("copyreg", "__newobj_ex__"): call_newobj_ex,
}
