// What an app gets that installs the packages: the tarballs that would be published, in empty apps of their own.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const installMs = 240_000;

interface App {
  /** The packages installed into it. What the app is about comes first. */
  readonly packages: readonly string[];
  readonly exports: Readonly<Record<string, readonly string[]>>;
  readonly bins: readonly string[];
}

const protocolExports = {
  "@fileshare/protocol": ["Mensaje", "Conexion"],
  "@fileshare/protocol/pickle": ["encode", "decode"],
  "@fileshare/protocol/pickle/inspect": ["inspectPickle", "treeOf"],
  "@fileshare/protocol/node": ["socketTransport"],
};

const apps: Readonly<Record<string, App>> = {
  protocol: {
    packages: ["protocol"],
    exports: protocolExports,
    bins: ["fileshare-protocol", "@fileshare/protocol"],
  },
  client: {
    packages: ["client", "protocol"],
    exports: { "@fileshare/client": ["Cliente", "connect"], ...protocolExports },
    bins: ["fileshare"],
  },
  server: {
    packages: ["server", "protocol"],
    exports: { "@fileshare/server": ["Servidor", "serve"], ...protocolExports },
    bins: ["fileshare-server"],
  },
};

// npm tells its scripts through `npm_*` where it runs and what it was asked: an npm started here would take it as its own.
const kept = /^npm_config_(cache|registry|userconfig|globalconfig)$/i;
const env = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => kept.test(name) || !/^(npm_|NODE_OPTIONS$|VITEST)/i.test(name),
  ),
);

async function run(cwd: string, command: string, ...args: string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(command, args, {
      cwd,
      env,
      shell: process.platform === "win32",
    });
    return stdout.trim();
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${args.join(" ")} failed\n${stdout}${stderr}`, { cause: error });
  }
}

const node = (cwd: string, ...args: string[]): Promise<string> => run(cwd, process.execPath, ...args);

async function manifestOf(directory: string): Promise<{ name: string; version: string }> {
  return JSON.parse(await readFile(join(directory, "package.json"), "utf8"));
}

let temporary: string;
const appDirectory = (app: string): string => join(temporary, "apps", app);

beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), "fileshare-install-"));
  const tarballs = join(temporary, "tarballs");
  await mkdir(tarballs);
  const workspaces = ["protocol", "server", "client"].flatMap((name) => ["-w", `@fileshare/${name}`]);
  await run(root, "npm", "pack", "--pack-destination", tarballs, ...workspaces);
}, installMs);

afterAll(() => rm(temporary, { recursive: true, force: true }));

describe.each(Object.entries(apps))("an app that installs %s", (name, app) => {
  let directory: string;
  const installed = (short: string): string => join(directory, "node_modules", "@fileshare", short);

  beforeAll(async () => {
    directory = appDirectory(name);
    await mkdir(directory, { recursive: true });
    await writeFile(
      join(directory, "package.json"),
      JSON.stringify({ name: `app-of-${name}`, private: true }),
    );
    const tarballs = await readdir(join(temporary, "tarballs"));
    const wanted = app.packages.map((short) => {
      const tarball = tarballs.find((file) => file.startsWith(`fileshare-${short}-`));
      if (!tarball) throw new Error(`npm pack made no tarball of ${short}`);
      return join(temporary, "tarballs", tarball);
    });
    await run(directory, "npm", "install", "--prefer-offline", "--no-audit", "--no-fund", ...wanted);
  }, installMs);

  test("gets no other package of ours", async () => {
    expect((await readdir(join(directory, "node_modules", "@fileshare"))).sort()).toEqual(
      app.packages.toSorted(),
    );
  });

  test("gets maps whose sources are there, and no tests", async () => {
    for (const short of app.packages) {
      const files = await readdir(installed(short), { recursive: true });
      expect(files).toContain("LICENSE");
      expect(files.filter((file) => /\.test(-d)?\./.test(file))).toEqual([]);
      const maps = files.filter((file) => file.endsWith(".map"));
      expect(maps).not.toEqual([]);
      for (const map of maps.map((file) => join(installed(short), file))) {
        const { sources } = JSON.parse(await readFile(map, "utf8")) as { sources: string[] };
        for (const source of sources)
          expect(existsSync(resolve(dirname(map), source)), `${source} of ${map}`).toBe(true);
      }
    }
  });

  test.each(Object.entries(app.exports))("can import %s", async (specifier, names) => {
    const script = `console.log(Object.keys(await import("${specifier}")).join());`;
    const found = (await node(directory, "--input-type=module", "--eval", script)).split(",");
    expect(found).toEqual(expect.arrayContaining([...names]));
  });

  test.each(Object.entries(app.exports))("can require %s", async (specifier, names) => {
    const script = `console.log(Object.keys(require("${specifier}")).join());`;
    const found = (await node(directory, "--input-type=commonjs", "--eval", script)).split(",");
    expect(found).toEqual(expect.arrayContaining([...names]));
  });

  test("gets the same classes from import and from require", async () => {
    const script = `
      const required = require("@fileshare/protocol");
      import("@fileshare/protocol").then((imported) => console.log(imported.Mensaje === required.Mensaje));`;
    expect(await node(directory, "--input-type=commonjs", "--eval", script)).toBe("true");
  });

  test.each([
    ["nodenext", "NodeNext", "consumer.mts"],
    ["nodenext from CommonJS", "NodeNext", "consumer.cts"],
    ["bundler", "Bundler", "consumer.ts"],
  ])("type-checks under %s", async (_, moduleResolution, file) => {
    await writeFile(join(directory, file), consumer(app.exports));
    await typecheck(directory, file, {
      module: moduleResolution === "Bundler" ? "ESNext" : "NodeNext",
      moduleResolution,
      types: ["node"],
      typeRoots: [join(root, "node_modules", "@types")],
    });
  });

  test.runIf(app.bins.length > 0).each(app.bins)("can run npx %s --version", async (bin) => {
    const { version } = await manifestOf(installed(app.packages[0] ?? ""));
    expect(await run(directory, "npx", "--no", "--", bin, "--version")).toContain(version);
  });
});

test("A browser app that installs protocol type-checks without Node's types, and with no newer library than its own", async () => {
  const directory = appDirectory("protocol");
  const { "@fileshare/protocol/node": _, ...portable } = protocolExports;
  await writeFile(join(directory, "browser.ts"), consumer(portable));
  await typecheck(directory, "browser.ts", {
    module: "ESNext",
    moduleResolution: "Bundler",
    lib: ["ES2022", "DOM"],
    types: [],
  });
});

/** An app's source that uses every name, and fails to type-check where one is missing or has become `any`. */
function consumer(exports: App["exports"]): string {
  const lines = [
    "type IsAny<T> = 0 extends 1 & T ? true : false;",
    "export const typed = <T,>(_: T, any: IsAny<T>) => any;",
  ];
  for (const [specifier, names] of Object.entries(exports)) {
    lines.unshift(`import { ${names.join(", ")} } from "${specifier}";`);
    for (const name of names) lines.push(`typed(${name}, false);`);
  }
  return `${lines.join("\n")}\n`;
}

async function typecheck(directory: string, file: string, compilerOptions: object): Promise<void> {
  const project = join(directory, `tsconfig.${file}.json`);
  const base = { target: "ES2023", lib: ["ES2023"], strict: true, noEmit: true };
  await writeFile(
    project,
    JSON.stringify({ compilerOptions: { ...base, ...compilerOptions }, files: [file] }),
  );
  await node(directory, join(root, "node_modules", "typescript", "bin", "tsc"), "-p", project);
}
