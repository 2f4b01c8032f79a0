"""The old client as Python 2.7 ran it; runs under Python 3 too. Output and exit codes are those of client.py.

    legacy_client.py [options] HOST PORT list
    legacy_client.py [options] HOST PORT get NAME...
"""

from __future__ import print_function

import argparse
import hashlib
import json
import os
import socket
import struct
import sys

import peak  # noqa: F401 - reports this process's memory at its end

PYTHON2 = sys.version_info[0] == 2

if "--old-style" in sys.argv:

    class Mensaje:  # Python 2: an instance of it is pickled with INST or OBJ, not through object
        def __init__(self, operacion=None, data=None, estado=None):
            self.operacion = operacion
            self.data = data
            self.estado = estado

else:

    class Mensaje(object):
        def __init__(self, operacion=None, data=None, estado=None):
            self.operacion = operacion
            self.data = data
            self.estado = estado


class ConexionCerrada(Exception):
    """The server closed where a reply was due."""


class Cliente(object):
    def __init__(self, host, port, pickle, protocol=None, timeout=None, dump_reply=None):
        self.socket = socket.create_connection((host, port), timeout)
        self.pickle = pickle
        self.protocol = protocol
        self.dump_reply = dump_reply

    def pedir_lista_archivos(self):
        self.enviar_mensaje(Mensaje(operacion="listar"))
        return self.recibir_mensaje().data

    def descargar_archivo(self, name):
        self.enviar_mensaje(Mensaje(operacion="descargar", data=name))
        return self.recibir_mensaje()

    def enviar_mensaje(self, mensaje):
        if self.protocol is None:
            payload = self.pickle.dumps(mensaje)
        else:
            payload = self.pickle.dumps(mensaje, self.protocol)
        self.socket.sendall(struct.pack(">I", len(payload)) + payload)

    def recibir_mensaje(self):
        (length,) = struct.unpack(">I", self.recibir_bytes(4))
        payload = self.recibir_bytes(length)
        if self.dump_reply:
            with open(self.dump_reply, "wb") as f:
                f.write(payload)
        return self.pickle.loads(payload)

    def recibir_bytes(self, length):
        parts = []
        missing = length
        while missing > 0:
            part = self.socket.recv(min(missing, 1 << 20))
            if not part:
                raise ConexionCerrada("%d of %d bytes came" % (length - missing, length))
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)


def get(cliente, name, folder):
    mensaje = cliente.descargar_archivo(name)
    data = mensaje.data
    if mensaje.estado == "ok":
        if not os.path.isdir(folder):
            os.makedirs(folder)
        path = name.encode("utf-8") if PYTHON2 and not isinstance(name, str) else name
        with open(os.path.join(folder, path), "wb") as f:
            f.write(data)
    line = {
        "name": name,
        "estado": mensaje.estado,
        "bytes": None if data is None else len(data),
        "sha256": None if data is None else hashlib.sha256(data).hexdigest(),
    }
    print(json.dumps(line))
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--protocol", type=int, choices=(0, 1, 2), help="default: pickle's default")
    parser.add_argument("--old-style", action="store_true", help="class Mensaje without the base object")
    parser.add_argument("--c-pickle", action="store_true", help="cPickle, whose bytes differ from pickle's")
    parser.add_argument("--unicode", action="store_true", help="names as unicode, where 2.7 would send str")
    parser.add_argument("--folder", default="descargas")
    parser.add_argument("--dump-reply", metavar="FILE", help="save the payload of the (last) reply")
    parser.add_argument("--timeout", type=float, default=30.0, help="seconds that one socket call may take")
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("list")
    commands.add_parser("get").add_argument("names", nargs="+")
    args = parser.parse_args()

    if args.c_pickle and PYTHON2:
        import cPickle as pickle
    else:
        import pickle

    try:
        cliente = Cliente(args.host, args.port, pickle, args.protocol, args.timeout, args.dump_reply)
        if args.command == "list":
            print(json.dumps(cliente.pedir_lista_archivos()))
        else:
            for name in args.names:
                get(cliente, name.decode("utf-8") if args.unicode and PYTHON2 else name, args.folder)
        cliente.socket.close()
    except socket.timeout:
        print("timed out", file=sys.stderr)
        sys.exit(3)
    except (ConexionCerrada, socket.error) as error:
        print("connection closed: %s" % error, file=sys.stderr)
        sys.exit(4)


if __name__ == "__main__":
    main()
