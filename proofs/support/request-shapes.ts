import { type FormValue, parseForm } from "@topdog/stripe-twin/routes/api/form";
import type { SentRequest } from "./stripe-relay.ts";
import { stripeRequests } from "./stripe-requests.ts";

/** A request with its names and fixed words, and without what differs from one to the next. */
export interface RequestShape {
  readonly call: string;
  readonly params: unknown;
}

const ids = /^(sub_sched|cs_test|cus|sub|si|in|cs|price|pm|di|evt|bpc|ch)_\w+$/;

export function shapeOf({ method, path, body }: SentRequest): RequestShape {
  const url = new URL(path, "http://stripe");
  const place = url.pathname.split("/").map((part) => (ids.test(part) ? ":id" : part));
  const form = parseForm(method === "POST" ? body : url.search.slice(1));
  return { call: `${method} ${place.join("/")}`, params: plain(form) };
}

/** As it would be written in TypeScript: a form knows only strings. */
function plain(value: FormValue): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "object")
    return Object.fromEntries(
      Object.entries(value)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, one]) => [name, plain(one)]),
    );
  if (value === "true" || value === "false") return value === "true";
  if (/^\d+$/.test(value)) return 1;
  if (/^https?:/.test(value)) return "https://topdog.example";
  if (/^(?:user|org):/.test(value)) return "user:usr_1";
  return value.replace(ids, "$1_1");
}

/** Throws, with what is to be added, when a request was sent that the SDK's types were not asked about. */
export function assertKnownRequests(sent: readonly SentRequest[]): void {
  const known = new Set(
    Object.entries(stripeRequests).flatMap(([call, all]) => all.map((params) => JSON.stringify({ call, params }))),
  );
  const unknown = new Set(sent.map((one) => JSON.stringify(shapeOf(one))).filter((one) => !known.has(one)));
  if (unknown.size > 0)
    throw new Error(`add to proofs/support/stripe-requests.ts, which the compiler checks:\n${[...unknown].join("\n")}`);
}
