// @fileshare/protocol/pickle/converters: classes of Python's standard library, and of NumPy, to register where an app
// meets them. Each stands alone: a bundle holds only those that are imported.
//
// Instances of the classes here are keys of a dict by identity, as all registered instances: two dates of one day are
// two keys.

export { builtinTypes } from "./builtin-types.js";
export type { CalendarDay, TimeOfDay } from "./calendar.js";
export { complex, PyComplex } from "./complex.js";
export { counter, PyCounter } from "./counter.js";
export { type DataclassOptions, dataclass } from "./dataclass.js";
export { date, PyDate } from "./date.js";
export { dateTime, PyDateTime } from "./datetime.js";
export { datetimes } from "./datetimes.js";
export { decimal, PyDecimal } from "./decimal.js";
export { defaultDict, PyDefaultDict } from "./default-dict.js";
export { deque, PyDeque } from "./deque.js";
export { type EnumClass, type EnumOptions, enumClass, PyEnumMember } from "./enum.js";
export { fraction, PyFraction } from "./fraction.js";
export { namedTuple } from "./named-tuple.js";
export { NumpyDtype, type NumpyField, type NumpyKind, numpyDtype } from "./numpy/dtype.js";
export { numpy } from "./numpy/index.js";
export { NdArray, type NdArrayOptions } from "./numpy/ndarray.js";
export type { NumpyPackage } from "./numpy/package.js";
export { NumpyScalar, numpyScalar } from "./numpy/scalar.js";
export type { NumpyTypedArray } from "./numpy/typed-array.js";
export { orderedDict, PyOrderedDict } from "./ordered-dict.js";
export { type PathClass, PyPath, path } from "./path.js";
export { PyRange, range } from "./range.js";
export type { RecordClass } from "./record.js";
export { PyTime, time } from "./time.js";
export { PyTimeDelta, timeDelta } from "./timedelta.js";
export { PyTimeZone, PyZoneInfo, timeZone, utcTimeZone, zoneInfo } from "./timezone.js";
export { PyUuid, uuid } from "./uuid.js";
export type { ZoneAndFold } from "./zone.js";
