import { describe, expect, it } from "vitest";
import { PageSize } from "./page-size.js";

describe("PageSize", () => {
  it("leaves it to the server how long pages are, as long as none is lost", () => {
    const size = new PageSize();
    size.came(10_000, true);
    size.came(1, false);
    expect(size.limit).toBeUndefined();
  });

  it("asks for half of the longest page, and for one name at the least", () => {
    const size = new PageSize();
    size.came(7, true);
    const limits = Array.from({ length: 4 }, () => {
      size.lost();
      return size.limit;
    });
    expect(limits).toEqual([3, 1, 1, 1]);
  });

  it("asks for more each time that a full page comes", () => {
    const size = new PageSize();
    size.came(1, true);
    size.lost();
    const limits = Array.from({ length: 8 }, () => {
      size.came(size.limit ?? 0, true);
      return size.limit;
    });
    expect(limits).toEqual([2, 3, 4, 5, 6, 8, 10, 12]);
  });

  it("leaves it to the server again where that gives fewer than it might", () => {
    const size = new PageSize();
    size.came(100, true);
    size.lost();
    size.came(49, true);
    expect(size.limit).toBeUndefined();
  });
});
