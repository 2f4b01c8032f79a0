"""The old client, as the tests need it. Python 3.6+.

    client.py [options] HOST PORT list                    one JSON list
    client.py [options] HOST PORT get NAME...             one JSON line per name, all over one connection
    client.py [options] HOST PORT raw OPERACION JSONDATA  the reply's attributes as one JSON object

Ends with 3 when no reply came in time, with 4 when the server closed instead of replying.
"""

import argparse
import base64
import hashlib
import json
import os
import pickle
import socket
import struct
import sys
import zlib

import peak  # noqa: F401 - reports this process's memory at its end
from clases import ATRIBUTOS, elegir_clase


class Mensaje(object):
    def __init__(self, operacion=None, data=None, estado=None):
        self.operacion = operacion
        self.data = data
        self.estado = estado


class ConexionCerrada(Exception):
    """The server closed where a reply was due."""


class Cliente(object):
    def __init__(self, host, port, protocol=None, timeout=None, dump_reply=None, extra=()):
        self.socket = socket.create_connection((host, port), timeout)
        self.protocol = protocol
        self.dump_reply = dump_reply
        self.extra = extra

    def pedir_lista_archivos(self):
        return self.pedir("listar").data

    def descargar_archivo(self, name):
        return self.pedir("descargar", name)

    def pedir(self, operacion, data=None):
        mensaje = Mensaje(operacion, data)
        for name, value in self.extra:
            setattr(mensaje, name, value)
        self.enviar_mensaje(mensaje)
        return self.recibir_mensaje()

    def enviar_mensaje(self, mensaje):
        payload = pickle.dumps(mensaje, self.protocol)
        self.socket.sendall(struct.pack(">I", len(payload)) + payload)

    def recibir_mensaje(self):
        (length,) = struct.unpack(">I", self.recibir_bytes(4))
        payload = self.recibir_bytes(length)
        if self.dump_reply:
            with open(self.dump_reply, "wb") as f:
                f.write(payload)
        return pickle.loads(memoryview(payload))

    def recibir_bytes(self, length):
        payload = bytearray(length)
        rest = memoryview(payload)
        while rest:
            received = self.socket.recv_into(rest)
            if received == 0:
                raise ConexionCerrada("%d of %d bytes came" % (length - len(rest), length))
            rest = rest[received:]
        return payload

    def close(self, good_bye=False):
        if good_bye:
            self.socket.sendall(struct.pack(">I", 0))
        self.socket.close()


def atributos(mensaje):
    if hasattr(mensaje, "__dict__"):
        return dict(mensaje.__dict__)
    return {name: getattr(mensaje, name) for name in ATRIBUTOS}


def to_json(value):
    if isinstance(value, (bytes, bytearray)):
        return {"bytes": base64.b64encode(value).decode("ascii")}
    if isinstance(value, dict):
        return {str(k): to_json(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(v) for v in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return {"repr": ascii(value)}


def print_json(value):
    print(json.dumps(value), flush=True)


def get(cliente, name, folder, hash_only):
    mensaje = cliente.descargar_archivo(name)
    data = mensaje.data
    line = {"name": name, "estado": mensaje.estado, "bytes": None if data is None else len(data)}
    if hash_only:
        line["crc32"] = None if data is None else "%08x" % (zlib.crc32(data) & 0xFFFFFFFF)
    else:
        line["sha256"] = None if data is None else hashlib.sha256(data).hexdigest()
        if mensaje.estado == "ok":
            os.makedirs(folder, exist_ok=True)
            with open(os.path.join(folder, name), "wb") as f:
                f.write(data)
    print_json(line)


def extra_attribute(text):
    name, value = text.split("=", 1)
    return name, json.loads(value)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--protocol", type=int, help="default: pickle's default")
    parser.add_argument("--module", default="__main__", help="where its class Mensaje lives")
    parser.add_argument("--slots", action="store_true", help="its class has __slots__")
    parser.add_argument("--folder", default="descargas")
    parser.add_argument("--hash-only", action="store_true", help="get: write no file, print crc32 for sha256")
    parser.add_argument("--dump-reply", metavar="FILE", help="save the payload of the (last) reply")
    parser.add_argument("--extra", metavar="NAME=JSON", type=extra_attribute, action="append", default=[])
    parser.add_argument("--good-bye", action="store_true", help="end with a zero length, not only by closing")
    parser.add_argument("--timeout", type=float, default=30.0, help="seconds that one socket call may take")
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("list")
    commands.add_parser("get").add_argument("names", nargs="+")
    raw = commands.add_parser("raw")
    raw.add_argument("operacion")
    raw.add_argument("data", type=json.loads)
    args = parser.parse_args()
    if args.command is None:
        parser.error("a command is needed: list, get or raw")

    global Mensaje
    Mensaje = elegir_clase(args.module, args.slots, Mensaje)

    try:
        cliente = Cliente(args.host, args.port, args.protocol, args.timeout, args.dump_reply, args.extra)
        if args.command == "list":
            print_json(cliente.pedir_lista_archivos())
        elif args.command == "raw":
            print_json(to_json(atributos(cliente.pedir(args.operacion, args.data))))
        else:
            for name in args.names:
                get(cliente, name, args.folder, args.hash_only)
        cliente.close(args.good_bye)
    except socket.timeout:
        print("timed out", file=sys.stderr)
        sys.exit(3)
    except (ConexionCerrada, ConnectionResetError, BrokenPipeError) as error:
        print("connection closed: %s" % error, file=sys.stderr)
        sys.exit(4)


if __name__ == "__main__":
    main()
