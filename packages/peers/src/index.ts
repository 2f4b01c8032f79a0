/** The old Python programs, run as tests need them: servers, clients, and CPython's pickle as an oracle. */

export { type PythonClientOptions, type PythonClientResult, runPythonClient } from "./client.ts";
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
