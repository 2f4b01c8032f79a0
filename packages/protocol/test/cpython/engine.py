"""The codec, as Python sees it: requests to Node, which started us, and CPython's exceptions."""

import base64
import copyreg
import json
import os
import pickle
import struct
import threading

TEXTS = {"BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "BINSTRING", "SHORT_BINSTRING"}
CALLS = {"REDUCE", "NEWOBJ", "NEWOBJ_EX", "INST", "OBJ", "BUILD"}


# The codec has one code for what these are together in CPython.


class BadString(pickle.UnpicklingError, ValueError):
    """STRING: UnpicklingError where a quote is missing, ValueError where an escape is wrong."""


class BadName(pickle.UnpicklingError, UnicodeDecodeError):
    """GLOBAL and INST: UnpicklingError where the name is empty, UnicodeDecodeError where it is no UTF-8."""


class BadCall(pickle.UnpicklingError, TypeError):
    """UnpicklingError where CPython looks at the operands first, TypeError where it does not."""


class BadProtocol(pickle.PicklingError, ValueError):
    """PicklingError for a value that the protocol cannot hold, ValueError for an option."""


def decode_error(error):
    """The exception that CPython has for a PickleDecodeError."""
    code, opcode, message = error["code"], error.get("opcode"), error["message"]
    if code == "TRUNCATED" and opcode is None:
        return EOFError(message)
    if code == "UNSUPPORTED":
        return ValueError("unsupported pickle protocol: " + message)
    if code == "UNKNOWN_EXTENSION":
        return ValueError(message)
    if code == "BAD_OPERAND" and opcode in CALLS:
        return BadCall(message)
    if code == "BAD_ARGUMENT":
        if opcode in TEXTS:
            return UnicodeDecodeError("utf-8", b"?", 0, 1, message)
        if opcode in ("GLOBAL", "INST"):
            return BadName("utf-8", b"?", 0, 1, message)
        if opcode == "STRING":
            return BadString(message)
        if opcode not in ("PERSID", "EXT1", "EXT2", "EXT4"):
            return ValueError(message)
    return pickle.UnpicklingError(message)


def encode_error(error):
    """The exception that CPython has for a PickleEncodeError."""
    if error["code"] == "UNHASHABLE":
        return TypeError(error["message"])
    if error["code"] == "DEPTH":
        return RecursionError(error["message"])
    kind = BadProtocol if error["code"] == "PROTOCOL" else pickle.PicklingError
    return kind(error["message"])


def extensions():
    """CPython's extension registry, but for the entries that are none."""
    return [
        [code, key[0], key[1]]
        for code, key in copyreg._inverted_registry.items()
        if isinstance(key, tuple) and len(key) == 2 and all(isinstance(part, str) for part in key)
    ]


class NodeEngine:
    """Requests and replies as JSON, each after its length, over two file descriptors."""

    def __init__(self, out, into):
        self._out, self._in = os.fdopen(out, "wb"), os.fdopen(into, "rb")
        self._lock = threading.Lock()

    def __call__(self, request):
        data = json.dumps(request).encode("ascii")
        with self._lock:
            self._out.write(struct.pack(">I", len(data)) + data)
            self._out.flush()
            header = self._in.read(4)
            if len(header) < 4:
                raise SystemExit("the codec's process ended")
            return json.loads(self._in.read(struct.unpack(">I", header)[0]).decode("utf-8"))


class Codec:
    """What Pickler and Unpickler ask, and how often they did."""

    def __init__(self):
        self.engine = None
        self.calls = 0

    def ask(self, request):
        self.calls += 1
        reply = self.engine(request)
        error = reply.get("error")
        if error is None:
            return reply
        if error["kind"] == "decode":
            raise decode_error(error)
        if error["kind"] == "encode":
            raise encode_error(error)
        if error["kind"] == "range":
            raise ValueError(error["message"])
        raise AssertionError("the codec failed: " + error["message"])


codec = Codec()


def to_base64(data):
    return base64.b64encode(data).decode("ascii")


from_base64 = base64.b64decode
