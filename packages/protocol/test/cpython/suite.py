"""CPython's own pickle tests (test.pickletester) over the codec. The report goes to Node.

The classes here are set up as those of CPython's test_pickle.py are, and hold no assertion of their own.
"""

import collections
import io
import os
import pickle
import pickletools
import random
import sys
import tempfile
import traceback
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from engine import codec, NodeEngine  # noqa: E402
import pickler  # noqa: E402
import unpickler  # noqa: E402
from test import pickletester  # noqa: E402


class Absent:
    """Stands for a class that this Python's suite has not yet."""


def abstract(name):
    return getattr(pickletester, name, Absent)


class Unpicklers(abstract("AbstractUnpickleTests"), unittest.TestCase):
    """Pickles that stand in the suite, and broken ones."""

    unpickler = unpickler.Unpickler
    bad_stack_errors = (pickle.UnpicklingError,)
    truncated_errors = (pickle.UnpicklingError,)

    def loads(self, data, **options):
        return self.unpickler(io.BytesIO(data), **options).load()


class Picklers(abstract("AbstractPickleTests"), unittest.TestCase):
    """What the codec writes, read by the codec."""

    pickler = pickler.Pickler
    unpickler = unpickler.Unpickler

    def dumps(self, obj, proto=None, **options):
        file = io.BytesIO()
        self.pickler(file, proto, **options).dump(obj)
        return file.getvalue()

    def loads(self, data, **options):
        return self.unpickler(io.BytesIO(data), **options).load()


class WrittenForPython(Picklers):
    """What the codec writes, read by CPython."""

    unpickler = pickle.Unpickler


class ReadFromPython(Picklers):
    """What CPython writes, read by the codec."""

    pickler = pickle.Pickler


class PicklingErrors(abstract("AbstractPicklingErrorTests"), unittest.TestCase):
    pickler = pickler.Pickler
    dumps = Picklers.dumps


class Module(abstract("AbstractPickleModuleTests"), unittest.TestCase):
    dump = staticmethod(pickler.dump)
    dumps = staticmethod(pickler.dumps)
    load = staticmethod(unpickler.load)
    loads = staticmethod(unpickler.loads)
    Pickler = pickler.Pickler
    Unpickler = unpickler.Unpickler


class Persistent:
    def dumps(self, obj, proto=None):
        class PersistentPickler(pickler.Pickler):
            def persistent_id(_, part):
                return self.persistent_id(part)

        file = io.BytesIO()
        PersistentPickler(file, proto).dump(obj)
        return file.getvalue()

    def loads(self, data, **options):
        class PersistentUnpickler(unpickler.Unpickler):
            def persistent_load(_, pid):
                return self.persistent_load(pid)

        return PersistentUnpickler(io.BytesIO(data), **options).load()


class PersistentIds(abstract("AbstractPersistentPicklerTests"), Persistent, unittest.TestCase):
    pass


class IdentityPersistentIds(
    abstract("AbstractIdentityPersistentPicklerTests"), Persistent, unittest.TestCase
):
    pass


class PicklerObjects(abstract("AbstractPicklerUnpicklerObjectTests"), unittest.TestCase):
    pickler_class = pickler.Pickler
    unpickler_class = unpickler.Unpickler


class DispatchTables(abstract("AbstractDispatchTableTests"), unittest.TestCase):
    pickler_class = pickler.Pickler

    def get_dispatch_table(self):
        return pickle.dispatch_table.copy()


class ChainDispatchTables(abstract("AbstractDispatchTableTests"), unittest.TestCase):
    pickler_class = pickler.Pickler

    def get_dispatch_table(self):
        return collections.ChainMap({}, pickle.dispatch_table)


class Hooks(abstract("AbstractHookTests"), unittest.TestCase):
    class pickler_class(pickler.Pickler, abstract("AbstractCustomPicklerClass")):
        pass


CLASSES = (
    Unpicklers, Picklers, WrittenForPython, ReadFromPython, PicklingErrors, Module, PersistentIds,
    IdentityPersistentIds, PicklerObjects, DispatchTables, ChainDispatchTables, Hooks,
)


class Result(unittest.TestResult):
    """The outcome of each test, and whether the codec had a part in it."""

    def __init__(self):
        super().__init__()
        self.tests = {}

    def startTest(self, test):
        super().startTest(test)
        random.seed(0)
        self.calls = codec.calls
        self.outcome = {"outcome": "passed", "messages": []}

    def stopTest(self, test):
        super().stopTest(test)
        self.outcome["codec"] = codec.calls > self.calls
        self.tests[test.id().split(".", 1)[1]] = self.outcome

    def addFailure(self, test, err):
        self.outcome["outcome"] = "failed"
        self.outcome["messages"].append("".join(traceback.format_exception(*err)))

    addError = addFailure

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.addFailure(subtest, err)

    def addSkip(self, test, reason):
        self.outcome.update(outcome="skipped", messages=[reason])


class Disassembly:
    """Every pickle that the codec wrote, once, as pickletools sees it."""

    def __init__(self):
        self.seen = set()
        self.refused = []

    def __call__(self, data):
        if data in self.seen:
            return
        self.seen.add(data)
        limit = getattr(sys, "get_int_max_str_digits", int)()
        try:
            if limit:
                sys.set_int_max_str_digits(0)
            pickletools.dis(data, io.StringIO())
        except Exception as error:
            self.refused.append([repr(data[:200]), repr(error)])
        finally:
            if limit:
                sys.set_int_max_str_digits(limit)


def main(names):
    loader, suite, result = unittest.TestLoader(), unittest.TestSuite(), Result()
    disassembly = Disassembly()
    pickler.listeners.append(disassembly)
    if names:
        suite = loader.loadTestsFromNames(names, sys.modules["__main__"])
    else:
        suite.addTests(loader.loadTestsFromTestCase(one) for one in CLASSES)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        suite.run(result)
        os.chdir(os.path.dirname(folder))
    return {
        "python": "%d.%d.%d" % sys.version_info[:3],
        "tests": result.tests,
        "pickles": len(disassembly.seen),
        "refused": disassembly.refused,
    }


if __name__ == "__main__":
    codec.engine = NodeEngine(3, 4)
    codec.engine({"op": "report", "report": main(sys.argv[1:])})
