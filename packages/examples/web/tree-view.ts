// A value as a tree whose branches open. A branch is made when it is opened first, and a long one a step at a time.

import type { TreeNode } from "@fileshare/protocol/pickle/inspect";
import { element, showInSteps } from "./dom.ts";

const STEP = 100;

/** How many nodes a branch may have to be open from the start, and how deep. */
const MOST_OPEN = 40;
const DEEPEST_OPEN = 3;

/** The tree below and with its root. */
export function treeView(root: TreeNode): HTMLElement {
  const places = new Map<number, HTMLElement>();
  const tree = element("div", "tree");
  tree.append(nodeView(root, 0, places));
  return tree;
}

function nodeView(node: TreeNode, depth: number, places: Map<number, HTMLElement>): HTMLElement {
  const line = lineOf(node, places);
  if (node.size === 0) return element("div", "leaf", line);
  const summary = element("summary", "", line);
  const branch = element("div", "branch");
  const details = element("details", "", summary, branch);
  let isMade = false;
  const make = (): void => {
    if (isMade) return;
    isMade = true;
    showInSteps(branch, node.children(), STEP, (child) => nodeView(child, depth + 1, places));
  };
  details.addEventListener("toggle", () => {
    if (details.open) make();
  });
  if (depth === 0 || (depth < DEEPEST_OPEN && node.size <= MOST_OPEN)) {
    make();
    details.open = true;
  }
  return details;
}

function lineOf(node: TreeNode, places: Map<number, HTMLElement>): HTMLElement {
  const line = element("span", "line");
  if (node.label !== undefined) line.append(element("span", "label", node.label), ": ");
  if (node.kind === "reference") {
    line.append(referenceView(node, places));
    return line;
  }
  const kind = node.kind.replace(" ", "-");
  if (node.mark !== undefined) {
    const mark = element("span", "mark", `&${node.mark}`);
    mark.title = "This object occurs more than once";
    places.set(node.mark, line);
    line.append(mark, " ");
  }
  line.append(element("span", `value kind-${kind}`, node.text));
  return line;
}

/** Leads to where the object is shown. */
function referenceView(node: TreeNode, places: Map<number, HTMLElement>): HTMLElement {
  const button = element("button", "mark reference", node.text);
  button.type = "button";
  button.title = `The object that is marked &${node.mark}`;
  button.addEventListener("click", (event) => {
    // Within a summary, a press would open the branch as well.
    event.preventDefault();
    const place = places.get(node.mark as number);
    if (!place) {
      button.title = `The object that is marked &${node.mark}, in a branch that was not opened yet`;
      return;
    }
    for (let at = place.parentElement; at; at = at.parentElement) {
      if (at instanceof HTMLDetailsElement && !at.contains(button)) at.open = true;
    }
    place.scrollIntoView({ block: "center" });
    place.classList.remove("found");
    // Read, so that the animation begins anew.
    void place.offsetWidth;
    place.classList.add("found");
  });
  return button;
}
