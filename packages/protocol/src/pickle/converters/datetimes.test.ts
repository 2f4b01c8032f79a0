import { existsSync } from "node:fs";
import { pythons } from "@fileshare/peers";
import { describe, expect, test } from "vitest";
import { type ConverterRow, otherPythons, roundTripDifferences } from "../../../test/converters.js";
import { Random } from "../../../test/random.js";
import { ClassRegistry, decode, encode, PyGlobal, PyObject, PyTuple, type PyValue } from "../index.js";
import {
  datetimes,
  PyDate,
  PyDateTime,
  PyTime,
  PyTimeDelta,
  PyTimeZone,
  PyZoneInfo,
  utcTimeZone,
  zoneInfo,
} from "./index.js";

const prelude = "from datetime import *";
const random = new Random(24);
const registry = new ClassRegistry([...datetimes, zoneInfo]);

const deltas: [number, number, number][] = [
  [0, 0, 0],
  [-1, 86399, 999999],
  [999999999, 86399, 999999],
  [-999999999, 0, 0],
  ...Array.from({ length: 20 }, (): [number, number, number] => [
    random.below(10000) - 5000,
    random.below(86400),
    random.below(1e6),
  ]),
];
const days: [number, number, number][] = [
  [1, 1, 1],
  [9999, 12, 31],
  [2024, 2, 29],
  [2000, 2, 29],
  [99, 3, 4],
  ...Array.from({ length: 20 }, (): [number, number, number] => [
    1 + random.below(9999),
    1 + random.below(12),
    1 + random.below(28),
  ]),
];
const times: [number, number, number, number][] = [
  [0, 0, 0, 0],
  [23, 59, 59, 999999],
  ...Array.from({ length: 20 }, (): [number, number, number, number] => [
    random.below(24),
    random.below(60),
    random.below(60),
    random.below(1e6),
  ]),
];

const at = (year: number, month: number, day: number) => ({ year, month, day });
const moments: ConverterRow[] = times.map(([hour, minute, second, microsecond], i) => {
  const [year, month, day] = days[i] as [number, number, number];
  return [
    `datetime(${year}, ${month}, ${day}, ${hour}, ${minute}, ${second}, ${microsecond})`,
    new PyDateTime(at(year, month, day), { hour, minute, second, microsecond }),
  ];
});
const naive: ConverterRow[] = [
  ...deltas.map(([d, s, us]): ConverterRow => [`timedelta(${d}, ${s}, ${us})`, new PyTimeDelta(d, s, us)]),
  ...days.map(([y, m, d]): ConverterRow => [`date(${y}, ${m}, ${d})`, new PyDate(y, m, d)]),
  ...times.map(([h, m, s, us]): ConverterRow => [`time(${h}, ${m}, ${s}, ${us})`, new PyTime(h, m, s, us)]),
  ...moments,
];

const india = new PyTimeZone(new PyTimeDelta(0, 19800));
const paris = new PyTimeZone(new PyTimeDelta(0, 3600), "CET");
const west = new PyTimeZone(new PyTimeDelta(-1, 86399, 999999));
const aware: ConverterRow[] = [
  ["timezone.utc", utcTimeZone()],
  ["timezone(timedelta(hours=5.5))", india],
  ["timezone(timedelta(hours=1), 'CET')", paris],
  ["datetime(2024, 2, 29, tzinfo=timezone.utc)", new PyDateTime(at(2024, 2, 29), { tzinfo: utcTimeZone() })],
  [
    "datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5.5)))",
    new PyDateTime(at(1, 1, 1), { tzinfo: india }),
  ],
  ["time(1, 2, 3, 4, timezone(timedelta(hours=1), 'CET'))", new PyTime(1, 2, 3, 4, { tzinfo: paris })],
  [
    "[datetime(2024, 2, 29, tzinfo=timezone.utc)] * 2",
    twice(new PyDateTime(at(2024, 2, 29), { tzinfo: utcTimeZone() })),
  ],
];

function twice(value: PyValue): PyValue {
  return [value, value];
}

function called(qualname: string, ...args: PyValue[]): PyValue {
  return decode(encode(new PyObject(new PyGlobal("datetime", qualname), new PyTuple(args))), registry);
}

describe("the converters of datetime", () => {
  test("naive values and durations go there and back in all protocols, byte for byte", () => {
    expect(roundTripDifferences(naive, datetimes, { prelude })).toEqual([]);
  });

  test("values with time zones go there and back in all protocols, byte for byte", () => {
    const rows: ConverterRow[] = [...aware, ["timezone(timedelta(microseconds=-1))", west]];
    expect(roundTripDifferences(rows, datetimes, { prelude })).toEqual([]);
  });

  test.each(otherPythons())("Python $version reads them back from its own", (python) => {
    const three = python.highestProtocol >= 3;
    const rows = three ? [...naive, ...aware] : naive;
    // Python 2 writes its bytes as 8-bit strings, and takes no others.
    const back = roundTripDifferences(rows, datetimes, {
      prelude,
      python,
      exact: [],
      decodeOptions: { encoding: "latin1" },
    });
    expect(back).toEqual([]);
  });

  test("bytes of Python 2 are read as bytes, too", () => {
    const pickle = new TextEncoder().encode("cdatetime\ndate\n(S'\\x07\\xe4\\x02\\x1d'\ntR.");
    for (const encoding of ["latin1", "bytes"] as const)
      expect(decode(pickle, { ...registry, encoding })).toEqual(new PyDate(2020, 2, 29));
  });

  test("fold is kept in protocols 4 and 5, and lost before as in Python", () => {
    const rows: ConverterRow[] = [
      ["time(1, 2, 3, fold=1)", new PyTime(1, 2, 3, 0, { fold: 1 })],
      ["datetime(2024, 12, 31, 2, fold=1)", new PyDateTime(at(2024, 12, 31), { hour: 2, fold: 1 })],
    ];
    for (const [expression, value] of rows) {
      const there = [4, 5].map((protocol) => encode(value, { ...registry, protocol: protocol as 4 | 5 }));
      for (const pickle of there) expect(decode(pickle, registry)).toStrictEqual(value);
      const lost = decode(encode(value, { ...registry, protocol: 3 }), registry);
      expect(lost).toEqual({ ...(value as object), fold: 0 });
      expect(roundTripDifferences([[`${expression}.replace(fold=0)`, lost]], datetimes, { prelude })).toEqual(
        [],
      );
    }
    const folds = "(lambda *all: [pickle.loads(pickle.dumps(each, 4)) for each in all])";
    const all: ConverterRow = [`${folds}(${rows.map(([text]) => text).join(", ")})[0].fold`, 1];
    expect(roundTripDifferences([all], datetimes, { prelude: `${prelude}\nimport pickle` })).toEqual([]);
  });

  const zones = pythons().find(({ minor, highestProtocol }) => highestProtocol >= 5 && minor !== "3.8");
  const known = existsSync("/usr/share/zoneinfo/UTC");
  test.skipIf(!zones || !known)("a ZoneInfo goes there and back by its key, byte for byte", () => {
    const rows: ConverterRow[] = [
      ["ZoneInfo('UTC')", new PyZoneInfo("UTC")],
      [
        "datetime(2024, 2, 29, tzinfo=ZoneInfo('UTC'))",
        new PyDateTime(at(2024, 2, 29), { tzinfo: new PyZoneInfo("UTC") }),
      ],
    ];
    const options = {
      prelude: `${prelude}\nfrom zoneinfo import ZoneInfo`,
      python: zones,
    };
    expect(roundTripDifferences(rows, [...datetimes, zoneInfo], options)).toEqual([]);
  });
});

describe("dates and times", () => {
  test("a Date becomes a datetime of that instant, and back", () => {
    for (const instant of [
      "0001-01-01T00:00:00.000Z",
      "1969-12-31T23:59:59.999Z",
      "9999-12-31T23:59:59.999Z",
    ]) {
      expect(PyDateTime.fromDate(new Date(instant)).toDate().toISOString()).toBe(instant);
    }
    const moment = PyDateTime.fromDate(new Date("2024-02-28T20:00:00.123Z"), india);
    expect(moment).toMatchObject({
      month: 2,
      day: 29,
      hour: 1,
      minute: 30,
      microsecond: 123000,
      tzinfo: india,
    });
    expect(moment.toDate().toISOString()).toBe("2024-02-28T20:00:00.123Z");
  });

  test("microseconds below the millisecond are cut off from a Date, never rounded up", () => {
    const last = new PyDateTime(at(9999, 12, 31), { hour: 23, minute: 59, second: 59, microsecond: 999999 });
    expect(last.toDate().toISOString()).toBe("9999-12-31T23:59:59.999Z");
    const early = new PyDateTime(at(1969, 12, 31), { hour: 23, minute: 59, second: 59, microsecond: 999999 });
    expect(early.toDate().getTime()).toBe(-1);
    for (let i = 0; i < 200; i++) {
      const exact = new Date(253370764800000 + random.below(31536000) * 1000 + random.below(1000));
      expect(PyDateTime.fromDate(exact).toDate()).toEqual(exact);
      expect(PyDateTime.fromDate(exact, west).toDate()).toEqual(exact);
    }
  });

  test("a Date becomes the day that it is in UTC, and back", () => {
    expect(PyDate.fromDate(new Date("0099-03-04T23:59:59Z"))).toEqual(new PyDate(99, 3, 4));
    expect(new PyDate(99, 3, 4).toDate().toISOString()).toBe("0099-03-04T00:00:00.000Z");
    expect(() => PyDate.fromDate(new Date("+010000-01-01T00:00:00Z"))).toThrow(RangeError);
    expect(() => PyDate.fromDate(new Date(Number.NaN))).toThrow(TypeError);
  });

  test("the text is that of isoformat", () => {
    const texts: ConverterRow[] = [
      ...naive
        .slice(deltas.length)
        .map(([expression, value]): ConverterRow => [`${expression}.isoformat()`, String(value)]),
      ...aware
        .slice(3, 6)
        .map(([expression, value]): ConverterRow => [`${expression}.isoformat()`, String(value)]),
      [
        "datetime(2000, 1, 1, tzinfo=timezone(timedelta(microseconds=-1))).isoformat()",
        "2000-01-01T00:00:00-00:00:00.000001",
      ],
    ];
    expect(texts[texts.length - 1]?.[1]).toBe(new PyDateTime(at(2000, 1, 1), { tzinfo: west }).toString());
    expect(roundTripDifferences(texts, [], { prelude })).toEqual([]);
  });

  test("a duration is known in microseconds and milliseconds", () => {
    expect(new PyTimeDelta(-1, 86399, 999999).totalMicroseconds).toBe(-1n);
    expect(PyTimeDelta.fromMilliseconds(-0.001)).toEqual(new PyTimeDelta(-1, 86399, 999999));
    expect(PyTimeDelta.fromMilliseconds(90_061_001)).toEqual(new PyTimeDelta(1, 3661, 1000));
    expect(new PyTimeDelta(1, 3661, 1000).totalMilliseconds).toBe(90_061_001);
    expect(() => PyTimeDelta.fromMicroseconds(10n ** 20n)).toThrow(RangeError);
    expect(() => PyTimeDelta.fromMilliseconds(Number.NaN)).toThrow(RangeError);
  });

  test("a time zone whose offset is not known has no instants", () => {
    const moment = new PyDateTime(at(2024, 1, 1), { tzinfo: new PyZoneInfo("Europe/Madrid") });
    expect(() => moment.toDate()).toThrow(/offset of this time zone is not known/);
  });
});

describe("what is refused", () => {
  const bytes = (...all: number[]) => Uint8Array.from(all);

  test.each<[string, PyValue[], RegExp]>([
    ["date", [bytes(7, 228, 2, 30)], /day of the month must be between 1 and 29, not 30/],
    ["date", [bytes(0, 0, 1, 1)], /year must be between 1 and 9999, not 0/],
    ["date", [bytes(255, 255, 1, 1)], /year/],
    ["date", [bytes(7, 228, 0, 1)], /month/],
    ["date", [bytes(7, 228, 2)], /must be 4 bytes, not 3/],
    ["date", ["\u07e4\u0102ab"], /Latin-1/],
    ["date", [2020, 1, 2], /takes 1 arguments, not 3/],
    ["date", [2020], /must be bytes/],
    ["time", [bytes(24, 0, 0, 0, 0, 0)], /hour/],
    ["time", [bytes(0, 60, 0, 0, 0, 0)], /minute/],
    ["time", [bytes(0, 0, 60, 0, 0, 0)], /second/],
    ["time", [bytes(0, 0, 0, 15, 66, 64)], /microsecond must be between 0 and 999999, not 1000000/],
    ["time", [bytes(0, 0, 0, 0, 0, 0), 5], /tzinfo/],
    ["datetime", [bytes(7, 228, 13, 1, 0, 0, 0, 0, 0, 0)], /month/],
    ["datetime", [bytes(7, 228, 1, 1, 24, 0, 0, 0, 0, 0)], /hour/],
    ["datetime", [new Uint8Array(11)], /must be 10 bytes, not 11/],
    ["timedelta", [0, 86400, 0], /seconds of a timedelta/],
    ["timedelta", [1e9, 0, 0], /days of a timedelta must be between -999999999 and 999999999/],
    ["timedelta", [2n ** 300n, 0, 0], /not an int of more than 128 bits/],
    ["timedelta", [0, 0.5, 0], /must be an int/],
    ["timedelta", [], /takes 3 arguments/],
    ["timezone", [0], /must be a timedelta/],
    [
      "timezone",
      [new PyObject(new PyGlobal("datetime", "timedelta"), new PyTuple([1, 0, 0]))],
      /less than a day/,
    ],
    ["timezone", [], /takes 1 to 2 arguments/],
  ])("%s, case %#", (qualname, args, message) => {
    expect(() => called(qualname, ...args)).toThrow(message);
  });
});
