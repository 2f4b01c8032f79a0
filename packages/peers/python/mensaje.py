"""The module a peer imports its class from: the class reference on the wire becomes `mensaje Mensaje`."""


class Mensaje(object):
    def __init__(self, operacion=None, data=None, estado=None):
        self.operacion = operacion
        self.data = data
        self.estado = estado
