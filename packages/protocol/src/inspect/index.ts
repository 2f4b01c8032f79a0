// @fileshare/protocol/pickle/inspect: what is in a pickle, for people and programs to look at, without executing any of it.

export { type Danger, dangerOf } from "./danger.js";
export { formatTree, type TreeLinesOptions, treeLines } from "./format.js";
export type { PickleImport, Verdict } from "./imports.js";
export { type Json, type ValueToJsonOptions, valueToJson } from "./json.js";
export {
  type InspectedPickle,
  type InspectOptions,
  inspectPickle,
  type PickleProblem,
  type PickleReport,
} from "./report.js";
export type { ImportUse } from "./scan.js";
export { type TreeKind, type TreeNode, type TreeOptions, treeOf } from "./tree.js";
