import { type AnySchema, Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { anthropicErrorType } from "@topdog/dialects/anthropic-errors";
import { errorRegistry } from "@topdog/errors/registry";
import type { ApiAnswer } from "./api-setting.ts";
import { allowedMethods, type OpenApi } from "./document.ts";

/** What a client must never see: a stack, a path of ours, a statement, the name of a thing behind the API. */
const internals =
  /\n\s+at |node_modules|\/src\/|\/dist\/|\.[jt]s:\d+|\b(?:select|insert|update|delete)\b.{1,60}\b(?:from|into|set)\b|violates|syntax error|invalid byte sequence|relation "|ECONN|127\.0\.0\.1|\bnats\b|postgres/i;

/** Where a person signed in from, which the list of their sessions tells them: here, from this machine. */
const ownPlace = '"address":"127.0.0.1"';

/** Returns what is wrong with an answer to an operation's path, compared with the document. */
export type Judge = (path: string, method: string, answer: ApiAnswer) => string[];

export function createJudge(document: OpenApi): Judge {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema(document as AnySchema, "openapi");
  const compiled = new Map<string, ValidateFunction>();
  const validator = (pointer: readonly string[]): ValidateFunction => {
    const ref = pointer.map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/");
    const known = compiled.get(ref) ?? ajv.compile({ $ref: `openapi#/${ref}` });
    compiled.set(ref, known);
    return known;
  };
  const problemsOf = (pointer: readonly string[], value: unknown): string[] => {
    const validate = validator(pointer);
    return validate(value) ? [] : (validate.errors ?? []).map((one) => `${one.instancePath} ${one.message ?? ""}`);
  };

  function judgeBody(path: string, method: string, answer: ApiAnswer): string[] {
    const documented = method === "HEAD" ? "get" : method.toLowerCase();
    const operation = document.paths[path]?.[documented];
    if (operation === undefined) {
      const other = pathThatTakes(document, path, documented);
      return other === null ? judgeRefusal(path, method, answer) : judgeBody(other, method, answer);
    }
    const response = operation.responses[String(answer.status)];
    if (response === undefined) return [`the status ${answer.status} is not documented`];
    if (method === "HEAD" || response.content === undefined) {
      return answer.text === "" ? [] : ["there is a body where none belongs"];
    }
    const type = contentTypeOf(answer);
    if (response.content[type] === undefined) {
      return [`the content type ${type} is not documented for ${answer.status}`];
    }
    if (streams.has(type)) return [];
    const place = ["paths", path, documented, "responses", String(answer.status), "content", type, "schema"];
    return problemsOf(place, parse(answer.text));
  }

  /** A method that is not documented is refused, with an error of the path's dialect. */
  function judgeRefusal(path: string, method: string, { status, text }: ApiAnswer): string[] {
    if (method === "OPTIONS" && status === 204) return [];
    if (!refusals.has(status)) return [`${method} is not documented, and answers ${status}`];
    const name = isLlmApi(path) ? llmErrorOf(path) : "Problem";
    return method === "HEAD" ? [] : problemsOf(["components", "schemas", name], parse(text));
  }

  return (path, method, answer) => [
    ...judgeStatus(path, answer),
    ...judgeBody(path, method, answer),
    ...(isLlmApi(path) ? judgeOwnCode(answer) : judgeProblem(answer)),
    ...judgeAllow(allowedMethods(document, path), answer),
    ...(internals.test(answer.text.replaceAll(ownPlace, "")) ? ["the body tells of what is behind the API"] : []),
    ...(typeof answer.headers["x-request-id"] === "string" ? [] : ["there is no x-request-id"]),
  ];
}

/** `DELETE /api/auth/passkeys/options` is that of `/api/auth/passkeys/{passkeyId}`, for a passkey of that name. */
function pathThatTakes({ paths }: OpenApi, path: string, method: string): string | null {
  const fits = (template: string): boolean =>
    new RegExp(`^${template.replaceAll(/\{\w+\}/g, "[^/{}]+")}$`).test(path) && paths[template]?.[method] !== undefined;
  return Object.keys(paths).find((template) => template !== path && fits(template)) ?? null;
}

/** Many documents, or lines, one after another. */
const streams = new Set(["text/event-stream", "application/x-ndjson", "text/csv"]);
const refusals = new Set([400, 401, 404, 405]);
const llmErrorOf = (path: string): string => (path.startsWith("/v1/messages") ? "AnthropicError" : "OpenAiError");
const isLlmApi = (path: string): boolean => path.startsWith("/v1/");

const contentTypeOf = ({ headers }: ApiAnswer): string => String(headers["content-type"] ?? "").split(";", 1)[0] ?? "";

/** What is not configured says so: that is no failure. */
const unconfigured = [
  ["/api/billing/", "billing_not_configured"],
  ["/api/auth/", "oidc_not_configured"],
] as const;

function judgeStatus(path: string, { status, text }: ApiAnswer): string[] {
  const saysSo = unconfigured.some(
    ([prefix, code]) => path.startsWith(prefix) && (text === "" || text.includes(`"${code}"`)),
  );
  const isUnconfigured = status === 503 && saysSo;
  return status < 500 || isUnconfigured ? [] : [`it answers ${status}`];
}

function judgeProblem(answer: ApiAnswer): string[] {
  if (contentTypeOf(answer) !== "application/problem+json" || answer.text === "") return [];
  const problem = (parse(answer.text) ?? {}) as Record<string, unknown>;
  const odd = Object.keys(problem).filter((name) => !/^[a-z][A-Za-z0-9]*$/.test(name));
  return [
    ...odd.map((name) => `the problem's ${name} is not camelCase`),
    ...(problem["status"] === answer.status ? [] : ["the problem's status is not the answer's"]),
    ...(problem["instance"] === answer.headers["x-request-id"]
      ? []
      : ["the problem's instance is not the request's id"]),
  ];
}

/** An error of ours has a code of ours, with the status that goes with it. A provider's refusal is passed on as it is. */
function judgeOwnCode({ status, headers, text }: ApiAnswer): string[] {
  if (status < 400 || text === "" || headers["x-topdog-attempts"] !== undefined) return [];
  const body = (parse(text) ?? {}) as { type?: string; error?: { code?: string; type?: string }; request_id?: string };
  const { error } = body;
  // Anthropic's errors have a type and no code.
  if (body.type === "error")
    return anthropicTypes(status).includes(error?.type ?? "") ? [] : [`${error?.type} is no error type for ${status}`];
  const entry = Object.entries(errorRegistry).find(([code]) => code === error?.code)?.[1];
  return entry?.status === status ? [] : [`${error?.code} is no error code of ours for ${status}`];
}

const anthropicTypes = (status: number): string[] => [
  anthropicErrorType(status),
  // A spent day, which no waiting of a client helps.
  ...(status === 429 ? [anthropicErrorType(status, "quota_exceeded")] : []),
];

function judgeAllow(truth: readonly string[], { status, headers }: ApiAnswer): string[] {
  if (status !== 405) return [];
  // OPTIONS is answered on some paths and documented on none.
  const said = String(headers["allow"] ?? "")
    .split(", ")
    .filter((method) => method !== "OPTIONS")
    .toSorted();
  return said.join() === truth.join() ? [] : [`Allow says ${said.join()}, true is ${truth.join()}`];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
