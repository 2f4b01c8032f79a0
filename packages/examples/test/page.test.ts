// The page in a browser, with files that Python wrote.

/// <reference lib="dom" />

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { tempFolder } from "@fileshare/peers";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { python, start } from "./run.js";

const path = fileURLToPath(new URL("../dist/web/index.html", import.meta.url));
const reports = fileURLToPath(new URL("../reports/page", import.meta.url));
const executablePath = inject("chromium");

const flags =
  "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking " +
  "--disable-component-update --disable-sync";

const SCRIPT = `
import os, pickle, sys
class Song:
    def __init__(self, title): self.title = title
class Shell:
    def __reduce__(self): return os.system, ("touch " + os.path.abspath("ran"),)
os.chdir(sys.argv[1])
def dump(name, *values):
    with open(name, "wb") as file:
        for value in values: pickle.dump(value, file, 4)
tags = ["folk", ["live"]]
plain = {"name": "canción", "tags": tags, "again": tags, "deep": {"er": {"est": {"bottom": [[1]]}}}, "ratio": 1.0}
dump("plain.pkl", plain)
dump("evil.pkl", {"songs": [Song("uno")], "weights": Shell()})
dump("xss.pkl", {"<img src=x onerror=document.title='run'>": "<script>document.title='run'</script>",
    "bidi": "\\u202e\\x1b[2J"}, Song("</pre><svg onload=document.title='run'>"))
dump("long.pkl", list(range(2500)))
dump("many.pkl", *range(25))
with open("cut.pkl", "wb") as file: file.write(pickle.dumps({"weights": Shell()}, 4)[:-2])
with open("zip.pkl", "wb") as file: file.write(b"PK\\x03\\x04" + bytes(40))
`;

describe.skipIf(executablePath === undefined)("The page", () => {
  let folder: Awaited<ReturnType<typeof tempFolder>>;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];
  const asked: string[] = [];

  beforeAll(async () => {
    folder = await tempFolder();
    await python(SCRIPT, folder.path);
    await mkdir(reports, { recursive: true });
    browser = await chromium.launch({ executablePath: executablePath as string, args: flags.split(" ") });
  });
  afterAll(async () => {
    await browser?.close();
    await folder?.[Symbol.asyncDispose]();
  });

  beforeEach(async () => {
    page = await browser.newPage({ viewport: { width: 1100, height: 900 } });
    complaints.length = asked.length = 0;
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("request", (request) => asked.push(request.url()));
    await page.goto(pathToFileURL(path).href);
  });
  afterEach(async () => {
    await page.close();
    expect(complaints).toEqual([]);
    expect(asked.filter((url) => !url.startsWith("data:"))).toHaveLength(1);
  });

  /** Drops a file on the page, as a person does, and waits for what becomes of it. */
  async function drop(name: string): Promise<void> {
    const base64 = (await readFile(join(folder.path, name))).toString("base64");
    const transfer = await page.evaluateHandle(
      ([content, fileName]) => {
        const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
        const data = new DataTransfer();
        data.items.add(new File([bytes], fileName));
        return data;
      },
      [base64, name] as const,
    );
    for (const type of ["dragenter", "dragover", "drop"]) {
      await page.dispatchEvent("#drop", type, { dataTransfer: transfer });
    }
    await page.waitForSelector("#report:not([hidden])");
  }

  const texts = (selector: string): Promise<string[]> => page.locator(selector).allInnerTexts();

  async function disassembly(): Promise<string | null> {
    await page.locator(".disassembly > summary").first().click();
    const more = page.locator(".disassembly .more").first();
    await page.locator(".lines").first().filter({ hasText: "0:" }).waitFor();
    while ((await more.count()) > 0) await more.click();
    return page.locator(".lines").first().textContent();
  }

  test("shows the tree of a file that is dropped on it", async () => {
    await drop("plain.pkl");
    expect(await texts(".file")).toEqual(["plain.pkl"]);
    expect(await texts(".headline")).toEqual(["Plain data: nothing in it runs code"]);
    expect(await texts(".line:visible")).toEqual([
      "dict of 5",
      "'name': 'canción'",
      "'tags': &1 list of 2",
      "[0]: 'folk'",
      "[1]: ['live']",
      "'again': *1",
      "'deep': dict of 1",
      "'er': dict of 1",
      "'est': dict of 1",
      "'ratio': 1.0",
    ]);
    // A branch that was closed is made when it is opened, and its parts are gone when it is closed.
    await page.locator("summary", { hasText: "'est'" }).press("Enter");
    await page.locator(".line", { hasText: "'bottom': list of 1" }).waitFor();
    await page.locator("summary", { hasText: "dict of 5" }).click();
    expect(await texts(".line:visible")).toEqual(["dict of 5"]);
  });

  test("leads from a reference to its object, within branches that were closed", async () => {
    await drop("plain.pkl");
    await page.locator("summary", { hasText: "'tags'" }).click();
    expect(await texts(".line:visible")).not.toContain("[0]: 'folk'");
    await page.locator(".reference").click();
    expect(await page.locator(".line.found").innerText()).toBe("'tags': &1 list of 2");
  });

  test.each(["plain.pkl", "evil.pkl", "long.pkl"])("disassembles %s as pickletools does", async (name) => {
    await drop(name);
    const expected = execFileSync("python3", ["-m", "pickletools", join(folder.path, name)], {
      encoding: "utf8",
    });
    expect(await disassembly()).toBe(expected);
  });

  test("flags what is dangerous, and does not run it", async () => {
    await drop("evil.pkl");
    expect(await texts(".headline")).toEqual(["Dangerous: do not load it"]);
    expect(await texts(".imports tbody tr")).toEqual([
      expect.stringMatching(/^(posix|nt)\.system\s+called\s+dangerous\s+runs commands$/),
      expect.stringMatching(/^__main__\.Song\s+instantiated\s+unknown$/),
    ]);
    expect((await texts(".line:visible")).at(-1)).toMatch(/^'weights': (posix|nt)\.system\('touch .*'\)$/);
    expect(existsSync(join(folder.path, "ran"))).toBe(false);
  });

  test("shows what looks like HTML as the text that it is", async () => {
    await drop("xss.pkl");
    expect(await texts(".line:visible")).toEqual([
      "dict of 2",
      String.raw`'<img src=x onerror=document.title=\'run\'>': '<script>document.title=\'run\'</script>'`,
      String.raw`'bidi': '\u{202e}\u{1b}[2J'`,
      "__main__.Song object",
      "state: dict of 1",
      String.raw`'title': '</pre><svg onload=document.title=\'run\'>'`,
    ]);
    expect(await disassembly()).toContain("<img src=x");
    expect(await page.locator("#report :is(img, script, svg)").count()).toBe(0);
    expect(await page.title()).toBe("Pickle inspector");
  });

  test("cannot connect to anything, nor make HTML of a text", async () => {
    const failed = await page.evaluate(async () => {
      const failures: string[] = [];
      await fetch("https://localhost:9/").catch(() => failures.push("fetch"));
      try {
        document.body.innerHTML = "<p>";
      } catch {
        failures.push("innerHTML");
      }
      return failures;
    });
    expect(failed).toEqual(["fetch", "innerHTML"]);
    expect(complaints.splice(0).join("\n")).toContain("Content Security Policy");
  });

  test("names what a malformed pickle names, and says where it ends", async () => {
    await drop("cut.pkl");
    expect(await texts(".headline")).toEqual(["Dangerous: do not load it"]);
    expect(await texts(".note.error")).toEqual([
      expect.stringMatching(/^Cannot decode pickle: .* at byte \d+\)$/),
    ]);
    expect(await texts(".imports .name")).toEqual([expect.stringMatching(/^(posix|nt)\.system$/)]);
    expect(await page.locator(".tree").count()).toBe(0);
  });

  test("says what a file is that is no pickle", async () => {
    await drop("zip.pkl");
    expect(await texts(".headline")).toEqual(["This is no pickle"]);
    expect(await texts(".summary")).toEqual([expect.stringContaining("It is a ZIP archive")]);
  });

  test("shows long rows a step at a time", async () => {
    await drop("long.pkl");
    expect(await page.locator(".leaf").count()).toBe(100);
    await page.getByRole("button", { name: "Show more" }).press("Enter");
    expect(await page.locator(".leaf").count()).toBe(200);
    await drop("many.pkl");
    expect(await page.locator("article").count()).toBe(10);
    await page.getByRole("button", { name: "Show more" }).click();
    await page.getByRole("button", { name: "Show more" }).click();
    expect(await page.locator("article").count()).toBe(25);
    expect(await page.getByRole("button", { name: "Show more" }).count()).toBe(0);
  });

  test("takes a file that is chosen with the keyboard", async () => {
    // The browser learns that choosers are waited for beside all else that it is told, but before it loads a page.
    const chosen = page.waitForEvent("filechooser");
    await page.reload();
    asked.shift();
    await page.keyboard.press("Tab");
    await page.locator("#file:focus").waitFor({ state: "attached" });
    await page.keyboard.press("Enter");
    const chooser = await chosen;
    await chooser.setFiles(join(folder.path, "plain.pkl"));
    await page.waitForSelector("#report:not([hidden])");
    expect(await texts(".file")).toEqual(["plain.pkl"]);
  });

  test("is served on this machine by page.js", async () => {
    await using server = start("page", "0");
    const [url] = await server.line(/^http:\/\/localhost:\d+\/$/);
    const served = await fetch(url);
    expect(await served.text()).toBe(await readFile(path, "utf8"));
    expect(served.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect((await fetch(new URL("/page.js", url))).status).toBe(404);
    await page.goto(url);
    asked.shift();
    await drop("plain.pkl");
    expect(await texts(".file")).toEqual(["plain.pkl"]);
    expect((await server.stop("SIGTERM")).code).toBe(0);
  });

  test.each(["light", "dark"] as const)("can be looked at in %s", async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    await drop("evil.pkl");
    await page.locator(".disassembly > summary").click();
    const picture = await page.screenshot({ fullPage: true });
    await writeFile(join(reports, `${colorScheme}.png`), picture);
    const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(background).toBe(colorScheme === "light" ? "rgb(245, 246, 250)" : "rgb(15, 17, 25)");
  });
});
