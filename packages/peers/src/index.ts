/**
 * What tests share: the old Python programs, run as they need them (servers, clients, and CPython's pickle as an oracle),
 * and what breaks connections and files as a seed decides.
 */

export { type PythonClientOptions, type PythonClientResult, runPythonClient } from "./client.ts";
export { contentOf, generationOf } from "./faults/file.ts";
export {
  type DirectionCounts,
  type FaultCounts,
  type FaultEvent,
  type FaultProxy,
  type FaultProxyOptions,
  startFaultProxy,
} from "./faults/proxy.ts";
export { Random } from "./faults/random.ts";
export type { Direction, FaultName, FaultRule, Where } from "./faults/rules.ts";
export {
  FaultyStorage,
  type FaultyStorageOptions,
  type StorageFaultCounts,
  StorageFaultError,
  type StorageFaultName,
  type StorageFaults,
} from "./faults/storage.ts";
export {
  type DumpsReply,
  type DumpsRequest,
  type EchoReply,
  PythonError,
  PythonOracle,
  type Tagged,
} from "./oracle.ts";
export { peakRssKib } from "./peak-rss.ts";
export { defaultPython, type Python, python, pythons } from "./pythons.ts";
export { type PythonServer, type PythonServerOptions, startPythonServer } from "./server.ts";
export { type TempFolder, tempFolder } from "./temp-folder.ts";
