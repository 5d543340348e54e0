import { expect, test } from "@jest/globals";
import { parseTraceparent, unsampledTraceparent } from "@topdog/telemetry/traceparent";

const valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

test("a valid traceparent keeps its ids, and never its wish to be sampled", () => {
  expect(unsampledTraceparent(valid)).toBe(valid.replace(/01$/, "00"));
});

test.each([
  undefined,
  "",
  "nonsense",
  `${valid} `,
  valid.toUpperCase(),
  "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
  "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
])("%p is replaced by a new one that nobody samples", (incoming) => {
  const made = unsampledTraceparent(incoming);
  expect(parseTraceparent(made)).toMatchObject({ sampled: false });
  expect(made).not.toBe(unsampledTraceparent(incoming));
});
