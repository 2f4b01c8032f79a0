// A tree as lines of text.

import type { TreeNode } from "./tree.js";

/** What {@link treeLines} may be told. */
export interface TreeLinesOptions {
  /** How deep the nodes below the root are shown. Default: all. */
  readonly maxDepth?: number | undefined;
  /** How many nodes below a node are shown. Default 50. */
  readonly maxItems?: number | undefined;
  /** How many lines are given before the last, which says that there are more. Default 5000. */
  readonly maxLines?: number | undefined;
}

/** The lines of a tree, without newlines: a node each, indented by two blanks for each node that it stands below. */
export function* treeLines(
  root: TreeNode,
  options: TreeLinesOptions = {},
): Generator<string, void, undefined> {
  const { maxDepth = Number.POSITIVE_INFINITY, maxItems = 50, maxLines = 5000 } = options;
  const path: { readonly children: Iterator<TreeNode>; readonly size: number; shown: number }[] = [];
  let left = maxLines;
  path.push({ children: [root][Symbol.iterator](), size: 1, shown: 0 });
  for (let level = path.at(-1); level; level = path.at(-1)) {
    const indent = "  ".repeat(path.length - 1);
    const { done, value: node } = level.children.next();
    if (done) {
      path.pop();
      continue;
    }
    if (left-- <= 0) {
      yield "… and more";
      return;
    }
    if (level.shown >= maxItems && level.size > maxItems) {
      yield `${indent}… ${level.size - level.shown} more`;
      path.pop();
      continue;
    }
    level.shown++;
    const hidden = node.size > 0 && path.length > maxDepth ? " …" : "";
    const label = node.label === undefined ? "" : `${node.label}: `;
    const mark = node.mark === undefined || node.kind === "reference" ? "" : `&${node.mark} `;
    yield `${indent}${label}${mark}${node.text}${hidden}`;
    if (node.size > 0 && !hidden) {
      path.push({ children: node.children()[Symbol.iterator](), size: node.size, shown: 0 });
    }
  }
}

/** {@link treeLines} as one text, with a newline after each. */
export function formatTree(root: TreeNode, options?: TreeLinesOptions): string {
  let text = "";
  for (const line of treeLines(root, options)) text += `${line}\n`;
  return text;
}
