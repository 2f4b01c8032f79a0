"""The old server, habits included, as the tests need it. Python 3.6+.

Prints `listening HOST:PORT` on stdout, then one line per request with --echo-requests; its log goes to stderr.
"""

import argparse
import os
import pickle
import socket
import struct
import sys
import threading

from clases import elegir_clase


class Mensaje(object):
    def __init__(self, operacion=None, data=None, estado=None):
        self.operacion = operacion
        self.data = data
        self.estado = estado


class Despedida(Exception):
    """The client said good-bye: it closed, or sent a zero length."""


class MensajeRoto(Exception):
    """Fewer bytes came than were announced."""


class Servidor(object):
    def __init__(self, folder, host, port, protocol=None, echo_requests=False):
        self.folder = folder
        self.host = host
        self.port = port
        self.protocol = protocol
        self.echo_requests = echo_requests
        self.output = threading.Lock()

    def bind_listen(self):
        family, kind, proto, _, address = socket.getaddrinfo(
            self.host, self.port, socket.AF_UNSPEC, socket.SOCK_STREAM, 0, socket.AI_PASSIVE
        )[0]
        self.socket = socket.socket(family, kind, proto)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(address)
        self.socket.listen(250)
        self.host, self.port = self.socket.getsockname()[:2]
        self.write(sys.stdout, "listening %s:%d" % (self.host, self.port))

    def accept_connections(self):
        thread = threading.Thread(target=self.accept_connections_thread)
        thread.daemon = True
        thread.start()
        return thread

    def accept_connections_thread(self):
        while True:
            conexion, address = self.socket.accept()
            who = "%s:%d" % address[:2]
            self.log(who, "connected")
            thread = threading.Thread(target=self.listen_client_thread, args=(conexion, who))
            thread.daemon = True
            thread.start()

    def listen_client_thread(self, conexion, who):
        try:
            while True:
                mensaje = self.recibir_mensaje(conexion)
                self.log(who, "request %r" % (mensaje.operacion,))
                if self.echo_requests:
                    self.write(sys.stdout, "request %r %r segments=1" % (mensaje.operacion, mensaje.data))
                self.manejar_mensaje(conexion, mensaje, who)
        except Despedida:
            self.log(who, "good-bye")
        except MensajeRoto as error:
            self.log(who, "broken: %s" % error)
        except Exception as error:
            self.log(who, "raised %s: %s" % (type(error).__name__, error))
        finally:
            conexion.close()
            self.log(who, "closed")

    def manejar_mensaje(self, conexion, mensaje, who):
        if mensaje.operacion == "listar":
            self.enviar_mensaje(conexion, Mensaje(data=os.listdir(self.folder), estado="ok"))
        elif mensaje.operacion == "descargar":
            self.enviar_archivo(conexion, mensaje.data)
        else:
            self.log(who, "unknown operation %r" % (mensaje.operacion,))

    def enviar_archivo(self, conexion, name):
        path = os.path.join(self.folder, name)
        if not os.path.exists(path):
            self.enviar_mensaje(conexion, Mensaje(estado="error"))
            return
        with open(path, "rb") as f:
            mensaje = Mensaje(data=f.read(), estado="ok")
        self.enviar_mensaje(conexion, mensaje)

    def enviar_mensaje(self, conexion, mensaje):
        payload = pickle.dumps(mensaje, self.protocol)
        header = struct.pack(">I", len(payload))
        if len(payload) < 65536:
            conexion.sendall(header + payload)
        else:
            conexion.sendall(header)
            conexion.sendall(payload)

    def recibir_mensaje(self, conexion):
        header = conexion.recv(4)
        if header == b"":
            raise Despedida()
        if len(header) < 4:
            raise MensajeRoto("%d of 4 header bytes" % len(header))
        (length,) = struct.unpack(">I", header)
        if length == 0:
            raise Despedida()
        return pickle.loads(self.recibir_bytes(conexion, length))

    def recibir_bytes(self, conexion, length):
        # The habit that makes a peer send a request in one write: one recv, whatever it returns.
        payload = conexion.recv(length)
        if len(payload) < length:
            raise MensajeRoto("%d of %d payload bytes" % (len(payload), length))
        return payload

    def log(self, who, what):
        self.write(sys.stderr, "%s %s" % (who, what))

    def write(self, stream, line):
        with self.output:
            stream.buffer.write((line + "\n").encode("utf-8", "backslashreplace"))
            stream.flush()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", default="archivos")
    parser.add_argument("--host", default="localhost")
    parser.add_argument("--port", type=int, default=3247, help="0 picks a free one")
    parser.add_argument("--protocol", type=int, help="default: pickle's default")
    parser.add_argument("--module", default="__main__", help="where its class Mensaje lives")
    parser.add_argument("--slots", action="store_true", help="its class has __slots__")
    parser.add_argument("--echo-requests", action="store_true")
    parser.add_argument("--until-stdin-ends", action="store_true", help="exit when stdin ends, with its starter")
    args = parser.parse_args()

    # Like `from mensaje import Mensaje`: the name in this script stays, so `__main__ Mensaje` is readable too.
    global Mensaje
    Mensaje = elegir_clase(args.module, args.slots, Mensaje)

    servidor = Servidor(args.folder, args.host, args.port, args.protocol, args.echo_requests)
    servidor.bind_listen()
    thread = servidor.accept_connections()
    if args.until_stdin_ends:
        sys.stdin.buffer.read()
    else:
        thread.join()


if __name__ == "__main__":
    main()
