// The classes that are known without an app's saying so: those that `converters` has ready.

import { type ClassName, ClassRegistry, type RegisteredClass } from "../pickle/classes.js";
import {
  builtinTypes,
  complex,
  counter,
  datetimes,
  decimal,
  defaultDict,
  deque,
  fraction,
  numpy,
  orderedDict,
  path,
  range,
  uuid,
  zoneInfo,
} from "../pickle/converters/index.js";

const rows: readonly RegisteredClass[] = [
  ...builtinTypes,
  ...datetimes,
  ...numpy,
  complex,
  counter,
  decimal,
  defaultDict,
  deque,
  fraction,
  orderedDict,
  path,
  range,
  uuid,
  zoneInfo,
];

/** Every class of `@fileshare/protocol/pickle/converters` that needs nothing of an app. */
export const knownClasses: ClassRegistry = /* @__PURE__ */ new ClassRegistry(rows);

/** The names of those. */
export const knownNames: readonly ClassName[] = /* @__PURE__ */ rows.flatMap(({ names }) => names);
