// The class of the Mensaje workload and the two callbacks that tell our codec of it, as an app would write them. What
// the codec wants of an app's classes is in this file and nowhere else in the benchmark.

import { PyGlobal, PyObject, PyTuple } from "@fileshare/protocol/pickle";

export class Mensaje {
  operacion = null;
  data = null;
  estado = null;
}

const pickleClass = {
  create: () => new Mensaje(),
  setState(mensaje, state) {
    mensaje.operacion = state.get("operacion");
    mensaje.data = state.get("data");
    mensaje.estado = state.get("estado");
  },
};

export function findClass(module, qualname) {
  return module === "__main__" && qualname === "Mensaje" ? pickleClass : undefined;
}

const mensajeClass = new PyGlobal("__main__", "Mensaje");
const noArguments = new PyTuple();

export function reduce(instance) {
  if (!(instance instanceof Mensaje)) return undefined;
  const { operacion, data, estado } = instance;
  return new PyObject(mensajeClass, noArguments, { construction: "new", state: { operacion, data, estado } });
}
