// Where NumPy keeps the functions that pickles name.

/** `numpy.core` in NumPy 1, and still there in NumPy 2; `numpy._core` from NumPy 1.26 on. */
export type NumpyPackage = "numpy.core" | "numpy._core";

/** @param module of a function that a pickle named, which a converter is registered for */
export function packageOf(module: string): NumpyPackage {
  return module.startsWith("numpy._core.") ? "numpy._core" : "numpy.core";
}
