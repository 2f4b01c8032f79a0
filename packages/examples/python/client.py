"""A client of the protocol in Python, by hand: lists a server's files and downloads them all.

    python3 packages/examples/python/client.py HOST PORT [FOLDER]
"""

import io
import os
import pickle
import socket
import struct
import sys


class Mensaje:
    def __init__(self, operacion=None, data=None, estado=None):
        self.operacion = operacion
        self.data = data
        self.estado = estado


class SoloMensaje(pickle.Unpickler):
    """pickle.loads would run whatever a server names; this takes nothing but a Mensaje."""

    def find_class(self, module, name):
        if name == "Mensaje":
            return Mensaje
        raise pickle.UnpicklingError("refused: %s.%s" % (module, name))


def recibir_bytes(conexion, length):
    data = bytearray()
    while len(data) < length:
        received = conexion.recv(min(length - len(data), 65536))
        if not received:
            raise ConnectionError("the server closed the connection")
        data += received
    return data


def pedir(conexion, operacion, data=None):
    payload = pickle.dumps(Mensaje(operacion, data))
    conexion.sendall(struct.pack(">I", len(payload)) + payload)
    (length,) = struct.unpack(">I", recibir_bytes(conexion, 4))
    return SoloMensaje(io.BytesIO(recibir_bytes(conexion, length))).load()


def main(host, port, folder="descargas"):
    os.makedirs(folder, exist_ok=True)
    with socket.create_connection((host, int(port))) as conexion:
        for name in pedir(conexion, "listar").data:
            reply = pedir(conexion, "descargar", name)
            if reply.estado != "ok" or os.path.basename(name) != name:
                print("not saved: %s" % ascii(name))
                continue
            with open(os.path.join(folder, name), "wb") as file:
                file.write(reply.data)
            print("saved %s, %d bytes" % (ascii(name), len(reply.data)))


if __name__ == "__main__":
    main(*sys.argv[1:])
