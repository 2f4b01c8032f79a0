// One pickle: what it imports, its value, its opcodes.

import { formatDisassembly } from "@fileshare/protocol/pickle";
import {
  type InspectedPickle,
  type PickleImport,
  treeOf,
  type Verdict,
} from "@fileshare/protocol/pickle/inspect";
import { count, element, showInSteps } from "./dom.ts";
import { treeView } from "./tree-view.ts";

const IMPORTS_STEP = 100;
const LINES_STEP = 1000;

/** Characters of a single value that are shown. */
const MAX_TEXT = 400;

/** Characters of a line of the disassembly that are shown. */
const LONGEST_LINE = 5000;

/** The view of a pickle, which stands in the bytes of a file. */
export function pickleView(file: Uint8Array, pickle: InspectedPickle, title: string): HTMLElement {
  const { offset, length, opcodes, protocol, error, value } = pickle;
  const facts = [
    protocol === undefined ? "protocol 0 or 1" : `protocol ${protocol}`,
    count(length, "byte"),
    count(opcodes, "opcode"),
  ];
  if (offset > 0) facts.push(`from byte ${offset.toLocaleString("en")} on`);
  return element(
    "article",
    "pickle",
    element("h2", "", title),
    element("p", "facts", facts.join(" · ")),
    error && element("p", "note error", error.message),
    importsView(pickle),
    value === undefined ? undefined : section("Value", treeView(treeOf(value, { maxText: MAX_TEXT }))),
    disassemblyView(file.subarray(offset)),
  );
}

function section(title: string, ...children: Node[]): HTMLElement {
  return element("section", "", element("h3", "", title), ...children);
}

const rank: Readonly<Record<Verdict, number>> = { dangerous: 0, unknown: 1, known: 2 };

function importsView({ imports }: InspectedPickle): HTMLElement {
  if (imports.length === 0) {
    return section(
      "Imports",
      element("p", "nothing", "None: it holds plain data, and loading it runs no code."),
    );
  }
  const sorted = imports.toSorted((a, b) => rank[a.verdict] - rank[b.verdict]);
  const heads = ["Class or function", "What is done with it", "Verdict"].map((title) => {
    const head = element("th", "", title);
    head.scope = "col";
    return head;
  });
  const body = element("tbody");
  const table = element("table", "imports", element("thead", "", element("tr", "", ...heads)), body);
  const box = element("div", "scroll", table);
  showInSteps(body, sorted, IMPORTS_STEP, importRow, box);
  return section("Imports", box);
}

function importRow({ name, uses, verdict, danger }: PickleImport): HTMLElement {
  const chip = element("span", `chip ${verdict}`, verdict);
  const reason = danger === undefined ? undefined : element("span", "reason", danger);
  return element(
    "tr",
    verdict,
    element("td", "name", name),
    element("td", "", uses.join(", ")),
    element("td", "", chip, reason && " ", reason),
  );
}

/** The opcodes, which are not gone through before somebody wants to see them. */
function disassemblyView(bytes: Uint8Array): HTMLElement {
  const lines = element("pre", "lines");
  lines.tabIndex = 0;
  const box = element("div", "scroll");
  box.append(lines);
  const details = element(
    "details",
    "disassembly",
    element("summary", "", element("h3", "", "Disassembly")),
    box,
  );
  let isMade = false;
  details.addEventListener("toggle", () => {
    if (isMade || !details.open) return;
    isMade = true;
    showInSteps(lines, linesOf(bytes), LINES_STEP, (line) => document.createTextNode(`${line}\n`), box);
  });
  return details;
}

function* linesOf(bytes: Uint8Array): Generator<string, void, undefined> {
  try {
    for (const line of formatDisassembly(bytes)) {
      yield line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}… (${line.length} characters)` : line;
    }
  } catch (error) {
    yield `stopped: ${error instanceof Error ? error.message : error}`;
  }
}
