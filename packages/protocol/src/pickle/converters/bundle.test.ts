import { fileURLToPath } from "node:url";
import { type BuildOptions, build } from "esbuild";
import { describe, expect, test } from "vitest";

const folder = fileURLToPath(new URL(".", import.meta.url));

async function bundle(
  contents: string,
  options: BuildOptions = {},
): Promise<{ text: string; inputs: string[] }> {
  const { metafile, outputFiles = [] } = await build({
    stdin: { contents, resolveDir: folder, loader: "ts" },
    bundle: true,
    format: "esm",
    platform: "neutral",
    target: "node20",
    absWorkingDir: folder,
    write: false,
    metafile: true,
    logLevel: "silent",
    ...options,
  });
  const [output] = Object.values(metafile?.outputs ?? {});
  const inputs = Object.entries(output?.inputs ?? {}).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  return { text: outputFiles[0]?.text ?? "", inputs: inputs.map(([path]) => path) };
}

/** The files of this folder that each converter may bring along. */
const families: Record<string, string[]> = {
  builtinTypes: ["builtin-types.ts"],
  complex: ["complex.ts"],
  counter: ["counter.ts", "guarded.ts"],
  dataclass: ["dataclass.ts", "record.ts"],
  date: ["calendar.ts", "date.ts"],
  datetimes: [
    "calendar.ts",
    "date.ts",
    "datetime.ts",
    "datetimes.ts",
    "time.ts",
    "timedelta.ts",
    "timezone.ts",
    "zone.ts",
  ],
  decimal: ["decimal.ts"],
  defaultDict: ["default-dict.ts"],
  deque: ["deque.ts", "guarded.ts"],
  enumClass: ["enum.ts", "guarded.ts"],
  fraction: ["fraction.ts"],
  namedTuple: ["named-tuple.ts", "record.ts"],
  numpy: [
    "complex.ts",
    ...["dtype", "elements", "index", "ndarray", "package", "scalar", "typed-array"].map(
      (file) => `numpy/${file}.ts`,
    ),
  ],
  orderedDict: ["guarded.ts", "ordered-dict.ts"],
  path: ["path.ts"],
  range: ["range.ts"],
  timeDelta: ["timedelta.ts"],
  uuid: ["uuid.ts"],
  zoneInfo: ["timezone.ts"],
};

/** A text that the code of each family holds, and no other. */
const marks: Record<string, string> = {
  complex: '"complex"',
  counter: '"Counter"',
  date: '"date"',
  decimal: '"Decimal"',
  defaultDict: '"defaultdict"',
  deque: '"deque"',
  fraction: '"Fraction"',
  numpy: "_reconstruct",
  orderedDict: '"OrderedDict"',
  path: '"pathlib"',
  range: '"xrange"',
  timeDelta: '"timedelta"',
  uuid: '"UUID"',
  zoneInfo: '"zoneinfo"',
};

describe("a bundle", () => {
  test.each(Object.keys(families))("of %s alone has no other converters in it", async (name) => {
    const { inputs } = await bundle(`import { ${name} } from "./index.js"; console.log(${name});`);
    // The codec is above this folder; check.ts is what all converters ask of arguments.
    const here = inputs.filter((file) => !/^\.\.|^<stdin>|^check\.ts$/.test(file));
    expect(here.sort()).toEqual([...(families[name] ?? [])].sort());
  });

  test.each(Object.keys(marks))(
    "of %s from the published file, which is one, has no others in it",
    async (name) => {
      const published = await bundle(`export * from "./index.js";`);
      const { text } = await bundle(`import { ${name} } from "published"; console.log(${name});`, {
        plugins: [
          {
            name: "published",
            setup: ({ onResolve, onLoad }) => {
              onResolve({ filter: /^published$/ }, () => ({
                path: "published",
                namespace: "published",
                sideEffects: true,
              }));
              onLoad({ filter: /.*/, namespace: "published" }, () => ({
                contents: published.text,
                loader: "js",
              }));
            },
          },
        ],
      });
      const found = Object.keys(marks).filter((other) => text.includes(marks[other] as string));
      expect(found).toEqual([name]);
    },
  );
});
