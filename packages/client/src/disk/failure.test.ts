import { constants } from "node:os";
import { describe, expect, it } from "vitest";
import { ChecksumError, TargetError } from "../errors.js";
import { asTargetError, fromFailure, toFailure } from "./failure.js";

function systemError(code: string, syscall = "write"): Error {
  return Object.assign(new Error(`${code}: refused, ${syscall}`), {
    code,
    syscall,
    errno: -1,
    path: "/t/.part",
  });
}

describe("asTargetError()", () => {
  it.each([
    ["ENOSPC", "write", "NO_SPACE"],
    ["EDQUOT", "write", "NO_SPACE"],
    ["EACCES", "open", "NO_PERMISSION"],
    ["EPERM", "open", "NO_PERMISSION"],
    ["EROFS", "open", "NO_PERMISSION"],
    ["ENAMETOOLONG", "lstat", "BAD_NAME"],
    ["EILSEQ", "rename", "BAD_NAME"],
    ["EINVAL", "rename", "BAD_NAME"],
    ["EINVAL", "write", "NOT_WRITTEN"],
    ["EISDIR", "rename", "IS_FOLDER"],
    ["EIO", "write", "NOT_WRITTEN"],
  ])("tells %s of %s as %s", (code, syscall, told) => {
    const cause = systemError(code, syscall);
    expect(asTargetError(cause, "/t/x")).toMatchObject({
      name: "TargetError",
      code: told,
      path: "/t/x",
      cause,
    });
  });

  // As Node tells of them: on Linux their numbers are 122 and 116.
  it.each([
    ["EDQUOT", "NO_SPACE", "EDQUOT: disk quota exceeded, write"],
    ["ESTALE", "NOT_WRITTEN", /^ESTALE: stale handle: [^,]+, write$/],
  ] as const)("knows %s, which Node has no name for", (name, told, said) => {
    const errno = -constants.errno[name];
    const code = `Unknown system error ${errno}`;
    const cause = Object.assign(new Error(`${code}: ${code}, write`), { code, errno, syscall: "write" });
    const error = asTargetError(cause, "/t/x") as TargetError;
    expect(error).toMatchObject({ name: "TargetError", code: told, cause });
    const reason = error.message.slice('Cannot save "/t/x": '.length);
    if (typeof said === "string") expect(reason).toBe(said);
    else expect(reason).toMatch(said);
  });

  it("leaves what is no refusal of the file system", () => {
    const others = [
      new RangeError("x"),
      new Error("x"),
      new ChecksumError("x", "y"),
      new TargetError("BAD_NAME", "x", "y"),
      7,
    ];
    for (const error of others) expect(asTargetError(error, "/t/x")).toBe(error);
  });
});

describe("an error on its way between threads", () => {
  it.each([
    new TargetError("NO_SPACE", 'a"b\udcff', "it is full", { cause: systemError("ENOSPC") }),
    new TargetError("IS_FOLDER", "", ""),
    new ChecksumError("/a", "another"),
    new RangeError("too much"),
    systemError("EIO"),
  ])("stays %s", (error) => {
    const arrived = fromFailure(structuredClone(toFailure(error)));
    expect(arrived).toBeInstanceOf(error.constructor);
    expect({ ...arrived, message: arrived.message }).toEqual({ ...error, message: error.message });
    expect(arrived.stack).toContain(error.message);
    if (error.cause === undefined) expect(arrived.cause).toBeUndefined();
    else
      expect(arrived.cause).toMatchObject({
        message: (error.cause as Error).message,
        code: "ENOSPC",
        syscall: "write",
      });
  });

  it("is an error whatever was thrown", () => {
    expect(fromFailure(toFailure("text")).message).toBe("text");
  });
});
