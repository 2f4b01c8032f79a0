// What is encoded and decoded: four values, and the rows of the tables. worker.py makes the same values.

/**
 * A row of the tables. `variant` is another way to do the same: `copy` decodes into bytes of its own, `objects` encodes
 * plain objects instead of PyDicts. `target` is the greatest ratio to CPython's time that is aimed at, when warm.
 */
export const rows = [
  { workload: "mensaje", does: "decode", target: 0.4 },
  { workload: "mensaje", does: "encode", target: 0.5 },
  { workload: "list", does: "decode", target: 0.75 },
  { workload: "list", does: "encode", target: 1 },
  { workload: "dict", does: "decode", target: 1 },
  { workload: "dict", does: "encode", target: 1 },
  { workload: "dict", does: "encode", variant: "objects" },
  { workload: "bytes", does: "decode", target: 0.01 },
  { workload: "bytes", does: "decode", variant: "copy" },
  { workload: "bytes", does: "encode", target: 1 },
];

const how = { copy: "copied", objects: "from plain objects" };

/** The first cell of a row. `sizes` holds the number of items and of megabytes. */
export function titleOf({ workload, does, variant }, { items, megabytes }) {
  const what = {
    mensaje: "Mensaje of 3 attributes",
    list: `list of ${items.toLocaleString("en-US")} strings`,
    dict: `dict of ${items.toLocaleString("en-US")} dicts`,
    bytes: `${megabytes} MB of bytes`,
  };
  return `${what[workload]}, ${does}${variant ? `, ${how[variant]}` : ""}`;
}

/** The value of a workload, in plain JavaScript. */
export function plainValue(workload, { items, megabytes }) {
  switch (workload) {
    case "mensaje":
      return { operacion: "descargar", data: "informe.pdf", estado: null };
    case "list":
      return Array.from({ length: items }, (_, i) => numbered("archivo", i + 1, ".txt"));
    case "dict":
      return Object.fromEntries(
        Array.from({ length: items }, (_, i) => [numbered("item", i + 1), item(i + 1)]),
      );
    case "bytes":
      return new Uint8Array(
        Buffer.alloc(
          megabytes * 1_000_000,
          Uint8Array.from({ length: 256 }, (_, i) => i),
        ),
      );
    default:
      throw new Error(`no workload ${workload}`);
  }
}

function item(id) {
  return { id, name: numbered("archivo", id, ".txt"), size: id * 1.5, ok: id % 2 === 0 };
}

/** `archivo-00001.txt`, in one piece as if read from somewhere: not the chain of pieces that a template makes. */
function numbered(name, number, ending = "") {
  return Buffer.from(`${name}-${String(number).padStart(5, "0")}${ending}`, "latin1").toString("latin1");
}
