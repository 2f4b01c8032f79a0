"""CPython's pickle, as a process that does what lines of JSON on stdin ask for and times itself.

What it is asked for is the same as of worker.mjs: see child.mjs. The garbage collector is left as Python starts it.
"""

import json
import sys
from itertools import repeat
from pickle import dumps, loads
from platform import python_version
from time import perf_counter_ns


class Mensaje:
    def __init__(self, operacion=None, data=None, estado=None):
        self.operacion = operacion
        self.data = data
        self.estado = estado

    def __repr__(self):
        return "Mensaje(%r)" % vars(self)


def make_value(workload, items, megabytes):
    """The same values as in workloads.mjs."""
    if workload == "mensaje":
        return Mensaje("descargar", "informe.pdf", None)
    if workload == "list":
        return ["archivo-%05d.txt" % i for i in range(1, items + 1)]
    if workload == "dict":
        return {
            "item-%05d" % i: {"id": i, "name": "archivo-%05d.txt" % i, "size": i * 1.5, "ok": i % 2 == 0}
            for i in range(1, items + 1)
        }
    return (bytes(range(256)) * (megabytes * 1000000 // 256 + 1))[: megabytes * 1000000]


def same(left, right):
    """Equal, and of equal types: 3 == 3.0, but they are not written alike."""
    if isinstance(right, bytes):
        return left == right
    return repr(left) == repr(right)


def time_loads(data, loops):
    begun = perf_counter_ns()
    for _ in repeat(None, loops):
        loads(data)
    return perf_counter_ns() - begun


def time_dumps(value, loops):
    begun = perf_counter_ns()
    for _ in repeat(None, loops):
        dumps(value, 4)
    return perf_counter_ns() - begun


class Worker:
    """Holds the row that was prepared last: whether it is decoded, the value and the pickle."""

    def prepare(self, request):
        row, sizes = request["row"], request["sizes"]
        self.decodes = row["does"] == "decode"
        self.expected = (row["workload"], sizes["items"], sizes["megabytes"])
        self.value = None if self.decodes else make_value(*self.expected)
        self.encoded = None
        if "path" in request:
            with open(request["path"], "rb") as file:
                self.encoded = file.read()
        return True

    def write(self, request):
        with open(request["path"], "wb") as file:
            file.write(dumps(self.value, 4))

    def check(self, _request):
        if self.decodes:
            right = same(loads(self.encoded), make_value(*self.expected))
        else:
            right = dumps(self.value, 4) == self.encoded
        if not right:
            raise ValueError("what was %s differs" % ("decoded" if self.decodes else "encoded"))

    def time(self, request):
        if self.decodes:
            return time_loads(self.encoded, request["loops"])
        return time_dumps(self.value, request["loops"])

    def version(self, _request):
        return python_version()


worker = Worker()
perf_counter_ns()
for line in sys.stdin:
    asked = json.loads(line)
    try:
        reply = {"value": getattr(worker, asked["command"])(asked)}
    except Exception as error:
        reply = {"error": repr(error)}
    print(json.dumps(reply), flush=True)
