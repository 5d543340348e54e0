import { expect, test } from "@jest/globals";
import { csvLine } from "./csv.ts";

test("a cell is read back as it was, and no text becomes a formula", () => {
  expect(csvLine(["2026-11-26", 'a "b", c', "line\nbreak", 0, -1, null, undefined])).toBe(
    '2026-11-26,"a ""b"", c","line\nbreak",0,-1,,\r\n',
  );
  for (const text of ["=1+1", "+1", "-1", "@sum", "\tx"]) expect(csvLine([text])).toBe(`'${text}\r\n`);
});
