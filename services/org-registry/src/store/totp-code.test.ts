import { expect, test } from "@jest/globals";
import { acceptedStep, codeOf, toBase32, totpUri } from "./totp-code.ts";

/** RFC 6238, appendix B: the SHA-1 secret; the last six of its eight digits. */
const secret = Buffer.from("12345678901234567890").toString("hex");

test.each([
  [1_111_111_109, "081804"],
  [1_234_567_890, "005924"],
  [20_000_000_000, "353130"],
])("the code at %i seconds is that of RFC 6238", (seconds, code) => {
  const step = Math.floor(seconds / 30);
  expect(codeOf(secret, step)).toBe(code);
  for (const by of [-1, 0, 1]) expect(acceptedStep(secret, code, (seconds + by * 30) * 1000)).toBe(step);
  for (const by of [-2, 2]) expect(acceptedStep(secret, code, (seconds + by * 30) * 1000)).toBeNull();
});

test("an app reads the secret as base32 (RFC 4648)", () => {
  expect(toBase32(Buffer.from("foobar"))).toBe("MZXW6YTBOI");
  expect(totpUri(secret, "ann@example.test")).toBe(
    "otpauth://totp/Top%20Dog%3Aann%40example.test?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Top%20Dog",
  );
});
