"""The Python client of the benchmark: downloads all files of a server and says how long that took.

    bench_client.py FOLDER_OF_THE_PEERS HOST PORT [FOLDER]

The protocol is that of the peers' client.py. Without a folder what arrives is discarded. Nothing is hashed.
"""

import json
import os
import sys
import time

peers, host, port, folder = (sys.argv[1:] + [None])[:4]
sys.path.insert(0, peers)

import client  # noqa: E402 - found by the line above


class Mensaje(client.Mensaje):
    """The class of a script, so that it travels as `__main__ Mensaje`."""


client.Mensaje = Mensaje


def descargar(cliente, name):
    data = cliente.descargar_archivo(name).data
    if folder is not None:
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)
    return len(data)


def peak_rss_kib():
    with open("/proc/self/status") as status:
        return next((int(line.split()[1]) for line in status if line.startswith("VmHWM:")), None)


started = time.perf_counter()
cliente = client.Cliente(host, int(port))
sizes = [descargar(cliente, name) for name in cliente.pedir_lista_archivos()]
seconds = time.perf_counter() - started
cliente.close()
try:
    peak = peak_rss_kib()
except OSError:
    peak = None
print(json.dumps({"seconds": seconds, "files": len(sizes), "bytes": sum(sizes), "peakKib": peak}))
