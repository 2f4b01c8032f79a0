import { describe, expect, it } from "vitest";
import { Content } from "./index.js";

describe("Content", () => {
  it("gives the bytes it was made of, as often as it is opened", async () => {
    const content = Content.of(Uint8Array.of(1, 2, 3));
    expect(content.length).toBe(3);
    for (let i = 0; i < 2; i++) expect(await content.bytes()).toEqual(Uint8Array.of(1, 2, 3));
    expect(await Content.of(new Uint8Array(0)).bytes()).toEqual(new Uint8Array(0));
    await content.cancel();
  });

  it.each([-1, 1.5, Number.NaN])("refuses a length of %s", (length) => {
    expect(() => new Content(length, { open: () => ({ next: () => new Promise(() => {}) }) })).toThrow(
      TypeError,
    );
  });

  it("refuses a source that cannot be opened", () => {
    expect(() => new Content(1, {} as ConstructorParameters<typeof Content>[1])).toThrow("no open()");
  });
});
