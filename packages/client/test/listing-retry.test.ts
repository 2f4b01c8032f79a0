// Listings over connections that are lost: a page is asked for again, and the pages before it are not.

import { readdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { Mensaje, type PyValue, sealOf } from "@fileshare/protocol";
import { describe, expect, it } from "vitest";
import type { DetailsOptions, RetryEvent } from "../src/index.js";
import { at, fileshare } from "./cli-run.js";
import { cuttingProxy } from "./cutting-proxy.js";
import { type Answer, framed, rawServer, sends, silence } from "./raw-server.js";
import { clienteOf, folder, host, served } from "./served.js";
import { talkingServer } from "./talking-server.js";

/** A page with one name, in reply to the request of that number. */
function page(id: number, name: string, { after = "", next = null as string | null } = {}): Uint8Array {
  const extras = { sizes: [0], modified: [0], versions: ["v"], folders: [], next };
  const seal = sealOf([after, name, 0, "v", next ?? ""]);
  return framed({ operacion: null, data: [name], estado: "ok", id, ...extras, seal });
}

const first = sends(page(1, "a", { next: "a" }));
const second = (id: number, next?: string): Uint8Array =>
  page(id, "b", { after: "a", ...(next && { next }) });

const cut: Answer = (socket) => void socket.destroy();

/** Sends a part of a page, and then no more. */
function sendsHalf(bytes: Uint8Array): Answer {
  return (socket) => void socket.end(bytes.subarray(0, bytes.length / 2));
}

function refuses(id: number, reason: string): Answer {
  return sends(
    framed({ operacion: null, data: null, estado: "error", id, reason } as Record<string, PyValue>),
  );
}

/** The names that a listing tells, the tries that it told of, and how it ended. */
async function listed(
  server: { readonly port: number },
  options: DetailsOptions = {},
  times: { readonly stallMs?: number; readonly replyTimeoutMs?: number } = {},
): Promise<{ names: string[]; retries: RetryEvent[]; error: unknown }> {
  const names: string[] = [];
  const retries: RetryEvent[] = [];
  const onEvent = (event: RetryEvent): void => void retries.push(event);
  try {
    for await (const files of clienteOf(server, times).pedirDetalles({ onEvent, ...options }))
      names.push(...files.map(({ name }) => name));
    return { names, retries, error: undefined };
  } catch (error) {
    return { names, retries, error };
  }
}

/** A port on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe("A listing", () => {
  it.each<[string, string, Answer[]]>([
    ["before its first page", "CUT", [cut, sends(page(2, "a", { next: "a" })), sends(second(3))]],
    [
      "in its first page",
      "CUT",
      [sendsHalf(page(1, "a", { next: "a" })), sends(page(2, "a", { next: "a" })), sends(second(3))],
    ],
    ["after its first page", "CUT", [first, cut, sends(second(3))]],
    ["in its second page", "CUT", [first, sendsHalf(second(2)), sends(second(3))]],
    ["by a server that falls silent", "STALLED", [first, silence, sends(second(3))]],
    [
      "by a server that falls silent in a page",
      "STALLED",
      [first, sends(second(2).subarray(0, 50)), sends(second(3))],
    ],
  ])("goes on that is lost %s", async (_where, code, answers) => {
    const server = await rawServer(...answers);
    const times = { stallMs: 200, replyTimeoutMs: 200 };
    const { names, retries, error } = await listed(server, {}, times);
    expect(error).toBeUndefined();
    expect(names).toEqual(["a", "b"]);
    expect(retries).toEqual([
      { type: "retry", error: expect.objectContaining({ code }), waitMs: expect.any(Number) },
    ]);
    expect(server.requests()).toBe(3);
  });

  it.each([0, 1, 2])("is tried again %d times for one page, and no more", async (retries) => {
    const server = await rawServer(first, cut);
    const outcome = await listed(server, { retries });
    expect(outcome).toMatchObject({ names: ["a"], error: { code: "CUT" } });
    expect(outcome.retries).toHaveLength(retries);
    expect(server.requests()).toBe(2 + retries);
    const never = await rawServer(cut);
    expect(await listed(never, { retries })).toMatchObject({ names: [], error: { code: "CUT" } });
    expect(never.requests()).toBe(1 + retries);
  });

  it("has all its tries again for each page", async () => {
    const third = sends(page(5, "c", { after: "b" }));
    const server = await rawServer(first, cut, sends(second(3, "b")), cut, third);
    const { names, retries } = await listed(server, { retries: 1 });
    expect(names).toEqual(["a", "b", "c"]);
    expect(retries).toHaveLength(2);
  });

  it.each<[string, Answer]>([
    ["REFUSED", refuses(2, "FAILED")],
    ["BAD_REPLY", sends(page(2, "b", { after: "otro" }))],
  ])("is not tried again where a page ends in %s", async (code, answer) => {
    const server = await rawServer(first, answer);
    expect(await listed(server)).toMatchObject({ names: ["a"], retries: [], error: { code } });
    expect(server.requests()).toBe(2);
  });

  it("is not tried again where no connection can be opened", async () => {
    const port = await closedPort();
    for (const options of [{}, { retries: 2 }])
      expect(await listed({ port }, options)).toMatchObject({ retries: [], error: { code: "UNREACHABLE" } });
    const failure = await clienteOf({ port })
      .sincronizar(await folder())
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "UNREACHABLE" });
  });

  it.each([
    [{}, 1],
    [{ retries: 0 }, 0],
    [{ retries: 2 }, 2],
  ])("of a server that never answers, told %j, is tried again %d times", async (options, times) => {
    const server = await rawServer(silence);
    const outcome = await listed(server, options, { replyTimeoutMs: 100 });
    expect(outcome.error).toMatchObject({ code: "STALLED" });
    expect(outcome.retries).toHaveLength(times);
    expect(server.requests()).toBe(1 + times);
  });

  it("is given up while it waits to be tried again", async () => {
    const server = await rawServer(first, cut);
    const giving = new AbortController();
    const reason = new Error("enough");
    const outcome = await listed(server, { signal: giving.signal, onEvent: () => giving.abort(reason) });
    expect(outcome.error).toBe(reason);
    expect(server.requests()).toBe(2);
    const cliente = clienteOf(await rawServer(first, cut));
    const onEvent = (): void => void cliente.close();
    const syncing = cliente.sincronizar(await folder(), { dryRun: true, onEvent });
    await expect(syncing).rejects.toMatchObject({ code: "CLOSED" });
  });

  it("is not tried again for an app that has seen enough", async () => {
    const server = await rawServer(first, cut);
    const timers = (): number => process.getActiveResourcesInfo().filter((each) => each === "Timeout").length;
    await new Promise<void>((resolve, reject) => {
      const pages = clienteOf(server).pedirDetalles({
        onEvent: () => {
          // Its wait begins when this has returned.
          setImmediate(async () => {
            const before = timers();
            await pages.return();
            await new Promise(setImmediate);
            // Others may have ended meanwhile, as those of Vitest.
            if (timers() < before) resolve();
            else reject(new Error(`${timers()} timers are left of ${before}`));
          });
        },
      });
      void pages.next();
    });
    expect(server.requests()).toBe(2);
  });

  it("refuses a number of tries that is none", async () => {
    const cliente = clienteOf({ port: 1 });
    for (const retries of [-1, 1.5, Number.NaN]) {
      await expect(cliente.pedirDetalles({ retries }).next()).rejects.toThrow(RangeError);
      await expect(cliente.pedirListaArchivos({ retries })).rejects.toThrow(RangeError);
    }
  });
});

describe("The names alone", () => {
  const names = (id: number): Answer =>
    sends(framed({ operacion: null, data: ["a", "b"], estado: "ok", id } as Record<string, PyValue>));

  it("are asked for again where the connection is lost, up to as often as is said", async () => {
    const server = await rawServer(cut, cut, names(3), cut);
    const cliente = clienteOf(server);
    const events: RetryEvent[] = [];
    const onEvent = (event: RetryEvent): void => void events.push(event);
    expect(await cliente.pedirListaArchivos({ onEvent })).toEqual(["a", "b"]);
    const lost = {
      type: "retry",
      error: expect.objectContaining({ code: "CUT" }),
      waitMs: expect.any(Number),
    };
    expect(events).toEqual([lost, lost]);
    await expect(cliente.pedirListaArchivos({ retries: 1 })).rejects.toMatchObject({ code: "CUT" });
    expect(server.requests()).toBe(5);
  });

  it("are not asked for again where no connection can be opened", async () => {
    const onEvent = (event: RetryEvent): void => expect.fail(event.type);
    const asking = clienteOf({ port: await closedPort() }).pedirListaArchivos({ onEvent });
    await expect(asking).rejects.toMatchObject({ code: "UNREACHABLE" });
  });
});

/** Enough for several pages. */
const many = Object.fromEntries(Array.from({ length: 2500 }, (_, i) => [`archivo-${10_000 + i}.txt`, "x"]));

describe("A page that a connection cannot carry whole", () => {
  const carried = 20_000;

  it.each<[string, DetailsOptions]>([
    ["names alone", { details: [] }],
    ["all there is", {}],
  ])("is asked for in less, down to what it carries, of %s", async (_, options) => {
    const proxy = await cuttingProxy(await served(many), Array(200).fill(carried));
    const { names, error } = await listed(proxy, options);
    expect(error).toBeUndefined();
    expect(names).toEqual(Object.keys(many).sort());
  });

  it("grows again when pages come, up to what the server gives by itself", async () => {
    const limits: (number | undefined)[] = [];
    let page = 0;
    const server = await talkingServer(({ extras }) => {
      const id = extras.get("id") as PyValue;
      // It is asked for something small after connections on which it said nothing.
      if (!extras.has("details")) return new Mensaje({ data: [], estado: "ok", extras: [["id", id]] });
      const limit = extras.get("limit") as number | undefined;
      limits.push(limit);
      // It gives ten by itself, and at first no more than four come through.
      const count = Math.min(limit ?? 10, 10);
      if (page === 1 && count > 4) return undefined;
      page += 1;
      const after = (extras.get("after") as string | undefined) ?? "";
      const names = Array.from({ length: count }, (_, i) => `f${1000 * (page + 10) + i}`);
      const next = page === 12 ? null : (names.at(-1) as string);
      return new Mensaje({
        data: names,
        estado: "ok",
        extras: [
          ["id", id],
          ["sizes", names.map(() => 0)],
          ["next", next],
          ["seal", sealOf([after, ...names, ...names.map(() => 0), next ?? ""])],
        ],
      });
    });
    const { error, retries } = await listed(server, { details: ["size"] });
    expect(error).toBeUndefined();
    expect(retries).toHaveLength(2);
    expect(limits).toEqual([
      undefined,
      undefined,
      5,
      2,
      3,
      4,
      5,
      6,
      8,
      10,
      12,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("is asked for in half as much each time, where none has come of what the server gives", async () => {
    const server = await talkingServer(() => undefined);
    const { error } = await listed(server, { retries: 3, details: [] });
    expect(error).toMatchObject({ code: "CUT" });
    expect(server.requests.map(({ extras }) => extras.get("limit"))).toEqual([65_536, 1024, 512, 256]);
  });
});

describe("sincronizar()", () => {
  it("goes on with a listing that was lost, tells of it without a name, and deletes only what is gone", async () => {
    const proxy = await cuttingProxy(await served(many), [1000, 150_000]);
    const into = await folder();
    await writeFile(join(into, "de-más"), "");
    const events: unknown[] = [];
    const report = await clienteOf(proxy).sincronizar(into, {
      delete: true,
      onEvent: (nombre, { type }) => events.push([nombre, type]),
    });
    expect(events).toContainEqual([undefined, "retry"]);
    expect(report).toMatchObject({ failed: [], deleted: ["de-más"] });
    expect((await readdir(into)).sort()).toEqual(Object.keys(many));
  });

  it("ends with the error of a listing that is lost again and again, and deletes nothing", async () => {
    const server = await rawServer(first, cut);
    const into = await folder();
    await writeFile(join(into, "de-más"), "");
    const syncing = clienteOf(server).sincronizar(into, { delete: true, retries: 1, include: ["nada"] });
    await expect(syncing).rejects.toMatchObject({ code: "CUT" });
    expect(await readdir(into)).toEqual(["de-más"]);
    expect(server.requests()).toBe(3);
  });
});

describe("fileshare", () => {
  const note = /^fileshare: The server ended the connection .+; trying again in 0\.[12] s\n$/;

  it.each([["ls"], ["get", "*"], ["sync"]])("%s goes on with a listing that was lost", async (...args) => {
    const proxy = await cuttingProxy(await served({ a: "alfa", b: "beta" }), [100]);
    const cwd = await folder();
    const run = await fileshare([...args, "-s", at(proxy)], { cwd }).ended;
    expect(run).toMatchObject({ code: 0, stderr: expect.stringMatching(note) });
    if (args[0] === "ls") expect(run.stdout).toBe("a\nb\n");
    else expect((await readdir(join(cwd, "descargas"))).sort()).toEqual(["a", "b"]);
  });

  it.each([["get", "*"], ["sync"]])(
    "%s tells of it as JSON, without a name, and heeds --retries",
    async (...args) => {
      const server = await rawServer(cut);
      const cwd = await folder();
      const run = (retries: number) =>
        fileshare([...args, "--json", "--retries", `${retries}`, "-s", at(server)], { cwd }).ended;
      expect((await run(0)).stdout).not.toContain("retry");
      expect(server.requests()).toBe(1);
      const { code, stdout } = await run(1);
      expect(code).toBe(3);
      expect(stdout.split("\n")[0]).toMatch(/^\{"event":"retry","code":"CUT","message":"The server /);
      expect(server.requests()).toBe(3);
    },
  );
});
