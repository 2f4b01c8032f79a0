"""Makes a class `Mensaje` under any module name and in any shape, so that a test can pick its reference on the wire.

Runs under Python 2.7 and 3.6+.
"""

import sys
import types

ATRIBUTOS = ("operacion", "data", "estado")


def _init(self, operacion=None, data=None, estado=None):
    self.operacion = operacion
    self.data = data
    self.estado = estado


def _modulo(nombre):
    """The module of that dotted name, with its parents, made up where it does not exist."""
    padre = None
    partes = nombre.split(".")
    for i in range(len(partes)):
        parcial = ".".join(partes[: i + 1])
        modulo = sys.modules.get(parcial)
        if modulo is None:
            modulo = types.ModuleType(parcial)
            modulo.__path__ = []
            sys.modules[parcial] = modulo
            if padre is not None:
                setattr(padre, partes[i], modulo)
        padre = modulo
    return padre


def crear_clase(modulo, slots=False, old_style=False):
    """A new class whose reference is `<modulo> Mensaje`, and which pickle finds there.

    old_style means a class without the base `object`; only Python 2 has such classes.
    """
    modulo = str(modulo)
    cuerpo = {"__init__": _init, "__module__": modulo}
    if slots:
        cuerpo["__slots__"] = ATRIBUTOS
    if old_style and sys.version_info[0] == 2:
        clase = types.ClassType("Mensaje", (), cuerpo)
    else:
        clase = type("Mensaje", (object,), cuerpo)
    _modulo(modulo).Mensaje = clase
    return clase


def elegir_clase(modulo, slots, propia):
    """The class of a peer: its own (`propia`) for `__main__`, an imported or made-up one otherwise."""
    if modulo == "__main__":
        return crear_clase("__main__", slots=True) if slots else propia
    if modulo == "mensaje" and not slots:
        import mensaje

        return mensaje.Mensaje
    return crear_clase(modulo, slots=slots)
