// A process that downloads into a folder, as tests want it: until it is killed, until it is told to go on, or for once.

import { readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { Disk } from "../dist/disk.js";

const [what, folder, ...rest] = process.argv.slice(2);
const disk = new Disk();
const options = { fsync: false, resume: true };
const say = (text) => writeSync(1, `${text}\n`);

async function saveSegment(part, content, start, end) {
  const segment = part.segment(start, end, "xxh3");
  const middle = (start + end) >> 1;
  segment.write(content.subarray(start, middle)).catch(() => {});
  await segment.write(content.subarray(middle, end));
  await segment.end(undefined);
}

/** Downloads files side by side in small segments, tells of each, and kills itself when so many were asked for. */
async function untilKilled(seed, files) {
  let state = Number(seed);
  const random = (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  let left = 1 + random(400);
  const content = readFileSync(join(folder, "reference"));
  const file = { name: "x", version: "1", size: content.length, modified: 1 };
  const download = async (name) => {
    const part = await disk.begin(join(folder, "in", name), file, options);
    let at = 0;
    for (const { start, end } of [...part.have, { start: content.length, end: content.length }]) {
      while (at < start) {
        const to = Math.min(start, at + 1 + random(600));
        if (left-- === 0) process.kill(process.pid, "SIGKILL");
        await saveSegment(part, content, at, to);
        say(`${name} ${at} ${to}`);
        at = to;
      }
      at = end;
    }
    await part.finish();
    say(`${name} whole`);
  };
  await Promise.all(Array.from({ length: Number(files) }, (_, i) => download(String(i))));
  process.kill(process.pid, "SIGKILL");
}

/** Holds a download with one segment of ten bytes until there is input, then finishes it. */
async function hold(version) {
  const content = Buffer.from("0123456789abcdefghij");
  const file = { name: "x", version, size: content.length, modified: 1 };
  const part = await disk.begin(join(folder, "fichero"), file, options);
  if (part.have.length === 0) await saveSegment(part, content, 0, 10);
  say(JSON.stringify(part.have));
  await new Promise((resolve) => process.stdin.once("data", resolve));
  process.stdin.destroy();
  await saveSegment(part, content, 10, 20);
  await part.finish();
}

/** Has a part open and a file saved, and does not close the disk. */
async function once() {
  await disk.begin(join(folder, "kept"), { name: "x", version: "1", size: 10, modified: 1 }, options);
  await disk.save(
    join(folder, "saved"),
    { name: "x", version: "1", size: 0, modified: 1 },
    new Uint8Array(0),
    undefined,
    options,
  );
  say("saved");
}

/** Closes disks of which more was asked than is waited for. */
async function close() {
  const { signal } = new AbortController();
  for (let i = 0; i < 20; i++) {
    const closing = new Disk();
    const digest = () => closing.digest(join(folder, "small"), signal);
    await digest();
    for (let j = 0; j < 3; j++) digest().catch(() => {});
    await closing.close();
  }
  say("closed");
}

await { untilKilled, hold, once, close }[what](...rest);
