// What was found in a file: the verdict, and the pickles in it.

import type { PickleReport } from "@fileshare/protocol/pickle/inspect";
import { count, element, showInSteps } from "./dom.ts";
import { pickleView } from "./pickle-view.ts";

const PICKLES_STEP = 10;

/** The view of a report on the bytes of a file. */
export function reportView(name: string, file: Uint8Array, report: PickleReport): DocumentFragment {
  const { pickles, rest, format } = report;
  const view = document.createDocumentFragment();
  const facts = [count(report.bytes, "byte")];
  if (format === undefined) facts.push(count(pickles.length, "pickle"));
  const [verdict, headline] = verdictOf(report);
  const reasons = new Set(pickles.flatMap(({ refusals }) => refusals));
  const title = element("h2", "file", name);
  title.dir = "auto";
  view.append(
    element(
      "div",
      `summary ${verdict}`,
      title,
      element("p", "facts", facts.join(" · ")),
      element("p", "headline", headline),
      format === undefined ? undefined : element("p", "", `It is ${format}.`),
      reasons.size === 0
        ? undefined
        : element("ul", "reasons", ...[...reasons].slice(0, 20).map((reason) => element("li", "", reason))),
    ),
  );
  if (format !== undefined) return view;
  const list = element("div", "pickles");
  view.append(list);
  showInSteps(list, pickles.entries(), PICKLES_STEP, ([i, pickle]) =>
    pickleView(file, pickle, pickles.length === 1 ? "What is in it" : `Pickle ${i + 1} of ${pickles.length}`),
  );
  if (rest > 0) view.append(element("p", "note", `${count(rest, "byte")} after that not looked at.`));
  return view;
}

function verdictOf({ format, pickles, refused }: PickleReport): [className: string, headline: string] {
  if (format !== undefined) return ["unknown", "This is no pickle"];
  const verdicts = new Set(pickles.flatMap(({ imports }) => imports.map(({ verdict }) => verdict)));
  if (verdicts.has("dangerous")) return ["dangerous", "Dangerous: do not load it"];
  if (pickles.some(({ value }) => value === undefined))
    return ["unknown", "Malformed, or too large to be shown"];
  if (verdicts.has("unknown")) return ["unknown", "Load it only if you trust where it comes from"];
  return refused ? ["unknown", "Not all of it is taken"] : ["known", "Plain data: nothing in it runs code"];
}
