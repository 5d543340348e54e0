import type { RefusalReader } from "../../provider-http/http-api.ts";
import { refusalObject, statedRefusal } from "../../provider-http/refusal-text.ts";

/** `{ message }`, and the exception's name in a header, perhaps with an address behind it. */
export const readRefusal: RefusalReader = (body, headers) => {
  const given = refusalObject(body);
  const header = headers["x-amzn-errortype"];
  const type = typeof header === "string" ? header.replace(/:.*$/, "") : null;
  return statedRefusal({ message: given["message"] ?? given["Message"], type });
};
