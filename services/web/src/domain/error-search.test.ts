import { describe, expect, test } from "@jest/globals";
import { isFound, partsOf, type PlatformError } from "./error-search.ts";

const refused = { retryable: false, openaiType: "invalid_request_error" } as const;
const errors: readonly PlatformError[] = [
  { code: "quota_exceeded", status: 429, title: "The quota is spent.", nextStep: "Wait.", ...refused },
  { code: "seats_exhausted", status: 409, title: "Every paid seat is taken.", nextStep: "Add seats.", ...refused },
  { code: "payment_failed", status: 402, title: "Declined.", nextStep: "Check the card.", ...refused },
];
const found = (typed: string): string[] => errors.filter((one) => isFound(one, typed)).map(({ code }) => code);

describe("a search of errors", () => {
  test("finds one by its code, and by words of it in any order and case", () => {
    expect(found("quota_exceeded")).toEqual(["quota_exceeded"]);
    expect(found(" Exceeded  QUOTA ")).toEqual(["quota_exceeded"]);
  });

  test("finds all of a status, and by what is said of them", () => {
    expect(found("402")).toEqual(["payment_failed"]);
    expect(found("add paid")).toEqual(["seats_exhausted"]);
    expect(found("invalid_request")).toHaveLength(errors.length);
  });

  test("shows all before anything was typed, and none when a word is nowhere", () => {
    expect(found("  ")).toHaveLength(errors.length);
    expect(found("quota nowhere")).toEqual([]);
  });
});

test("code in a sentence is told from its words", () => {
  expect(partsOf("Send `a: b` again.")).toEqual(["Send ", "a: b", " again."]);
});
