"""CPython's C unpickler as the reference of the fuzzer: reads pickles from stdin, says what they are on stdout.

A request is a mode byte and a u32 length, then for each input an options byte, a u32 length and the pickle. All numbers
are little-endian. An answer is a u32 length, then by mode:
  D  for each input a status byte and 8 bytes, the start of the SHA-1 of its description
  T  for each input a status byte, a u32 length and its description, or why it was refused
A description is how many bytes were read, and what describe.py writes of the value.
Status: 0 refused, 1 accepted, 2 accepted, but too complex to be described. The first line on stdout names the reference.
"""

import copyreg
import gc
import hashlib
import queue
import struct
import sys
import threading

import _compat_pickle
import _pickle

from describe import TooComplex, describe
from stubs import Persistent, stub

ENCODINGS = ("ASCII", "latin1", "utf-8", "bytes")
WITH_BUFFERS = 4
PYTHON2_NAMES = 8

# What our decoder tells of the names of Python 2 unless it is told otherwise.
TYPES = {"xrange": "range", "long": "int", "unicode": "str"}

EXTENSIONS = (1, 2, 7, 255, 256, 65535, 65536, 0x7FFFFFFF)
for code in EXTENSIONS:
    copyreg.add_extension("ext", "Ext%d" % code, code)

REFUSED, ACCEPTED, TOO_COMPLEX = 0, 1, 2
LINE, TWO_LINES = -10, -20


def shapes():
    found = {}
    for line_op in b"ILFSVgpP":
        found[line_op] = LINE
    found[ord("c")] = found[ord("i")] = TWO_LINES
    for size, ops in ((1, b"KhqC\x80\x82"), (2, b"M\x83"), (4, b"Jjr\x84"), (8, b"G\x95")):
        for op in ops:
            found[op] = size
    for size, ops in ((1, b"UC\x8a\x8c"), (4, b"TXB\x8b"), (8, b"\x8d\x8e\x96")):
        for op in ops:
            found[op] = -size
    return found


SHAPE = shapes()


def protocol_at(data, call):
    """The protocol that holds where the unpickler asks for a class for that many times."""
    protocol = at = 0
    cached = set()
    while True:
        op = data[at]
        shape = SHAPE.get(op, 0)
        argument = at + 1
        if shape >= 0:
            at = argument + shape
        elif shape > LINE:
            at = argument - shape + int.from_bytes(data[argument : argument - shape], "little")
        else:
            at = data.index(b"\n", argument) + 1
            if shape == TWO_LINES:
                at = data.index(b"\n", at) + 1
        if op == 0x80:
            protocol = data[argument]
        elif op in b"ci\x93":
            call -= 1
        elif op in b"\x82\x83\x84":
            code = data[argument:at]
            number = int.from_bytes(code, "little")
            if number not in cached:
                call -= 1
                cached.add(number)
        if call == 0:
            return protocol


class Source:
    """A file that shows all it has ahead, so that the unpickler reads as loads() does."""

    __slots__ = ("data", "at")

    def __init__(self, data):
        self.data = data
        self.at = 0

    def peek(self, size):
        return self.data[self.at :]

    def read(self, size):
        start = self.at
        self.at = min(len(self.data), start + size)
        return self.data[start : self.at]

    def readline(self):
        start = self.at
        end = self.data.find(b"\n", start)
        self.at = len(self.data) if end < 0 else end + 1
        return self.data[start : self.at]


class Reference(_pickle.Unpickler):
    def __init__(self, data, options):
        self.source = Source(data)
        self.options = options
        self.calls = 0
        buffers = None
        if options & WITH_BUFFERS:
            array = memoryview(bytearray(b"view"))
            buffers = [b"bytes", bytearray(b"array"), array, memoryview(b"fixed")]
        super().__init__(self.source, encoding=ENCODINGS[options & 3], buffers=buffers)

    def find_class(self, module, name):
        self.calls += 1
        python3 = self.python3_name(module, name)
        if python3 != (module, name) and protocol_at(self.source.data, self.calls) < 3:
            module, name = python3
        return stub(module, name)

    def python3_name(self, module, name):
        if self.options & PYTHON2_NAMES:
            found = _compat_pickle.NAME_MAPPING.get((module, name))
            return found or (_compat_pickle.IMPORT_MAPPING.get(module, module), name)
        if module == "__builtin__":
            return "builtins", TYPES.get(name, name)
        return "copyreg" if module == "copy_reg" else module, name

    def persistent_load(self, pid):
        return Persistent(pid)


def outcome(data, options):
    try:
        unpickler = Reference(data, options)
        value = unpickler.load()
    except Exception as error:
        return REFUSED, "%s: %s" % (type(error).__name__, error)
    finally:
        if copyreg._extension_cache:
            copyreg._extension_cache.clear()
    try:
        return ACCEPTED, "%d %s" % (unpickler.source.at, describe(value))
    except TooComplex:
        return TOO_COMPLEX, ""


def answer(request):
    mode = request[:1]
    parts = []
    at = 1
    while at < len(request):
        options, length = struct.unpack_from("<BI", request, at)
        at += 5
        status, text = outcome(request[at : at + length], options)
        at += length
        parts.append(bytes([status]))
        data = text.encode("ascii", "backslashreplace")
        if mode == b"D":
            parts.append(hashlib.sha1(data).digest()[:8])
        else:
            parts.append(struct.pack("<I", len(data)))
            parts.append(data)
    return b"".join(parts)


def read_requests(requests):
    """Takes requests off the pipe while others are at work, so that whoever writes them need not wait."""
    while True:
        head = sys.stdin.buffer.read(4)
        if len(head) < 4:
            requests.put(None)
            return
        requests.put(sys.stdin.buffer.read(struct.unpack("<I", head)[0]))


def limit_memory(most):
    """Has a huge memo index end with a MemoryError instead of the machine."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def main():
    limit_memory(768 * 1024 * 1024)
    gc.disable()
    out = sys.stdout.buffer
    module = getattr(_pickle, "__file__", None) or "built in"
    out.write(("CPython %s, %s, %s\n" % (sys.version.split()[0], _pickle.Unpickler, module)).encode())
    out.flush()
    requests = queue.Queue()
    threading.Thread(target=read_requests, args=(requests,), daemon=True).start()
    for request in iter(requests.get, None):
        reply = answer(request)
        out.write(struct.pack("<I", len(reply)) + reply)
        out.flush()
        gc.collect()


main()
