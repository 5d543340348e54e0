import { expect, test } from "@jest/globals";
import { readRefusal } from "../src/clients/providers/openai/refusal.ts";

test("a provider's refusal tells the caller nothing of the account that we have there", () => {
  const error = {
    message:
      "Incorrect API key provided: sk-proj-abcdefgh12345678. Organization org-AbCdEfGhIjKlMnOpQrStUvWx, see https://a.test/x",
    type: "invalid_request_error",
    param: "proj_AbCdEfGhIjKlMnOpQrStUvWx",
    code: "invalid_api_key",
    internal: "host-7",
  };
  expect(readRefusal(Buffer.from(JSON.stringify({ error })))).toEqual({
    message: "Incorrect API key provided: sk-[redacted]. Organization org-[redacted], see [address]",
    type: "invalid_request_error",
    param: "proj_[redacted]",
    code: "invalid_api_key",
  });
});
