// NumPy's arrays, scalars and dtypes.

import type { RegisteredClass } from "../../classes.js";
import { numpyDtype } from "./dtype.js";
import { fromBuffer, ndarrayClass, reconstruct } from "./ndarray.js";
import { numpyScalar } from "./scalar.js";

/**
 * All that pickles of NumPy's own types name, of NumPy 1 and 2: arrays as {@link NdArray}, scalars as
 * {@link NumpyScalar}, dtypes as {@link NumpyDtype}. Subclasses of `numpy.ndarray` are refused.
 */
export const numpy: readonly RegisteredClass[] = [
  ndarrayClass,
  reconstruct,
  fromBuffer,
  numpyDtype,
  numpyScalar,
];
