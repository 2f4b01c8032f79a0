"""Oracle: what this interpreter's pickle writes for a Mensaje. Python 2.7 and 3.6+.

Reads one JSON object per line, writes one per line:

    {"protocol": 4, "module": "__main__", "operacion": ..., "data": ..., "estado": ..., "extras": {...},
     "slots": false, "oldStyle": false, "cPickle": false, "full": false}
    {"sha256": ..., "length": ..., "base64": ...}    base64 when shorter than 4096, or asked for with "full"
    {"error": "ValueError: ..."}

A value is null, a bool, a number, a string, or an object with one tag: {"list": [...]}, {"tuple": [...]},
{"dict": [[key, value], ...]}, {"bytes": base64}, {"zeros": n}, {"names": n}, {"int": "1"}, {"float": "1.0"},
{"str": "..."} (the interpreter's own str: bytes under 2.7, where a plain string is unicode).

Every string is an object of its own, as when it came from the OS or the network, except where CPython has only one
(the empty one, and those of one Latin-1 character). Attribute names are interned, as in any program.
"""

import base64
import hashlib
import json
import pickle
import sys

from clases import crear_clase

PYTHON2 = sys.version_info[0] == 2


def value_of(tagged):
    if not isinstance(tagged, (dict, list)):
        return tagged
    if isinstance(tagged, list) or len(tagged) != 1:
        raise ValueError("not a tagged value: %r" % (tagged,))
    ((tag, content),) = tagged.items()
    if tag == "list":
        return [value_of(item) for item in content]
    if tag == "tuple":
        return tuple([value_of(item) for item in content])
    if tag == "dict":
        return dict([(value_of(key), value_of(value)) for key, value in content])
    if tag == "bytes":
        return base64.b64decode(content)
    if tag == "zeros":
        return b"\0" * content
    if tag == "names":
        return ["file-%05d.bin" % i for i in range(content)]
    if tag == "int":
        return int(content)
    if tag == "float":
        return float(content)
    if tag == "str":
        return content.encode("utf-8") if PYTHON2 else content
    raise ValueError("unknown tag: %s" % tag)


def answer(request):
    clase = crear_clase(
        request.get("module", "__main__"), slots=request.get("slots", False), old_style=request.get("oldStyle", False)
    )
    mensaje = clase(
        operacion=value_of(request.get("operacion")),
        data=value_of(request.get("data")),
        estado=value_of(request.get("estado")),
    )
    for name, value in request.get("extras", {}).items():
        setattr(mensaje, name, value_of(value))

    pickler = pickle
    if request.get("cPickle", False) and PYTHON2:
        import cPickle as pickler
    protocol = request.get("protocol")
    payload = pickler.dumps(mensaje) if protocol is None else pickler.dumps(mensaje, protocol)

    reply = {"sha256": hashlib.sha256(payload).hexdigest(), "length": len(payload)}
    if len(payload) < 4096 or request.get("full", False):
        reply["base64"] = base64.b64encode(payload).decode("ascii")
    return reply


def main():
    while True:
        line = sys.stdin.readline()
        if not line:
            break
        try:
            reply = answer(json.loads(line))
        except Exception as error:
            reply = {"error": "%s: %s" % (type(error).__name__, error)}
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
