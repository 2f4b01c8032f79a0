// The page: takes a file, and shows what is in it.

import { printable } from "@fileshare/protocol";
import { inspectPickle } from "@fileshare/protocol/pickle/inspect";
import { byId } from "./dom.ts";
import { reportView } from "./report-view.ts";

const MiB = 1024 * 1024;

/** Lower than those of the codec, so that the page answers within a second or two. */
const limits = {
  maxBytes: 256 * MiB,
  maxOpcodes: 20_000_000,
  maxObjects: 500_000,
  maxItems: 3_000_000,
  maxStack: 3_000_000,
  maxMemo: 3_000_000,
};

const drop = byId("drop", HTMLLabelElement);
const input = byId("file", HTMLInputElement);
const status = byId("status", HTMLElement);
const report = byId("report", HTMLElement);

/** The file that was given last: one that comes while another is read takes its place. */
let latest: File | undefined;

async function show(file: File): Promise<void> {
  latest = file;
  const name = printable(file.name);
  report.hidden = true;
  document.body.classList.add("busy");
  status.className = "status";
  status.textContent = `Reading ${name} …`;
  try {
    if (file.size > limits.maxBytes) throw new RangeError("it is larger than 256 MiB");
    const bytes = new Uint8Array(await file.arrayBuffer());
    await painted();
    if (latest !== file) return;
    report.replaceChildren(reportView(name, bytes, inspectPickle(bytes, { limits })));
    report.hidden = false;
    status.textContent = "";
    report.focus({ preventScroll: true });
  } catch (error) {
    if (latest !== file) return;
    status.className = "status error";
    status.textContent = `Cannot show ${name}: ${error instanceof Error ? error.message : error}`;
  }
  document.body.classList.remove("busy");
  document.body.classList.add("used");
}

/** Resolves when the page shows what was last changed in it. */
function painted(): Promise<void> {
  return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
}

input.addEventListener("change", () => {
  const [file] = input.files ?? [];
  // So that the same file can be chosen again when it has changed.
  if (file) void show(file).finally(() => (input.value = ""));
});

// All of the page takes files: one that is dropped beside the field would be opened in its place.
let entered = 0;
document.addEventListener("dragenter", () => drop.classList.toggle("over", ++entered > 0));
document.addEventListener("dragleave", () => drop.classList.toggle("over", --entered > 0));
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => {
  event.preventDefault();
  entered = 0;
  drop.classList.remove("over");
  const [file] = event.dataTransfer?.files ?? [];
  if (file) void show(file);
});
