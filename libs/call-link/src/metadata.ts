import { usageOutcomes } from "@topdog/contracts/events/usage-consumed";
import { chargeSources, meters, type Charge } from "@topdog/contracts/quota";
import { principalSchema, type Principal } from "@topdog/contracts/rpc/resolve-principal";
import type { AnswerHead, CallReport, OpenedCall } from "./call.ts";
import { LinkProtocolError } from "./frame.ts";

/** An open frame, before its principal is looked up and its body has come. */
export interface OpenMetadata extends Omit<OpenedCall, "principal" | "body"> {
  readonly principalNumber: number;
  readonly bodyBytes: number;
}

const maxCharges = 4;
const maxHeaders = 64;
const maxShortText = 128;
const maxBodyBytes = 0xffff_ffff;
const maxTimeoutMs = 86_400_000;

// Metadata is JSON: V8 reads and writes it in native code. Objects become arrays, since names would be half of the bytes.

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw new LinkProtocolError("metadata is not JSON");
  }
};

/** A later version may send more fields than are known here. */
function parseArray(payload: Buffer, length: number): unknown[] {
  const fields = parse(payload.toString());
  if (!Array.isArray(fields) || fields.length < length) throw new LinkProtocolError("metadata has other fields");
  return fields;
}

function text(value: unknown, maxLength: number): string {
  if (typeof value === "string" && value.length <= maxLength) return value;
  throw new LinkProtocolError("metadata has no text where one belongs");
}

function whole(value: unknown, most: number = Number.MAX_SAFE_INTEGER): number {
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most) return value as number;
  throw new LinkProtocolError("metadata has no whole number within its bounds where one belongs");
}

function oneOf<T extends string>(value: unknown, list: readonly T[]): T {
  if (list.includes(value as T)) return value as T;
  throw new LinkProtocolError("metadata has an unknown word");
}

const textOrNull = (value: unknown): string | null => (value === null ? null : text(value, maxShortText));

function headerList(value: unknown): string[] {
  if (!Array.isArray(value) || value.length > maxHeaders * 2 || value.length % 2 !== 0) {
    throw new LinkProtocolError("metadata has no header list where one belongs");
  }
  for (const one of value) if (typeof one !== "string") throw new LinkProtocolError("a header is not text");
  return value as string[];
}

function chargeList(value: unknown): Charge[] {
  if (!Array.isArray(value) || value.length > maxCharges) {
    throw new LinkProtocolError("metadata has no charges where they belong");
  }
  return value.map((one: unknown) => {
    const [meter, leaseId, seq] = Array.isArray(one) ? (one as unknown[]) : [];
    return { meter: oneOf(meter, meters), leaseId: text(leaseId, maxShortText), seq: whole(seq) };
  });
}

export function encodeOpen(call: OpenedCall, principalNumber: number): string {
  const fields: unknown[] = [
    principalNumber,
    call.body.length,
    call.timeoutMs,
    call.requestId,
    call.traceparent,
    call.endpoint,
    call.path,
    call.source,
    call.day,
    call.charges.map(({ meter, leaseId, seq }) => [meter, leaseId, seq]),
  ];
  // Few calls have any.
  if (call.headers.length > 0) fields.push(call.headers);
  return JSON.stringify(fields);
}

/** Throws LinkProtocolError, as all of these do. */
export function decodeOpen(payload: Buffer): OpenMetadata {
  const fields = parseArray(payload, 10);
  return {
    principalNumber: whole(fields[0]),
    bodyBytes: whole(fields[1], maxBodyBytes),
    timeoutMs: whole(fields[2], maxTimeoutMs),
    requestId: text(fields[3], maxShortText),
    traceparent: text(fields[4], maxShortText),
    endpoint: text(fields[5], maxShortText),
    path: text(fields[6], payload.length),
    source: oneOf(fields[7], chargeSources),
    day: text(fields[8], maxShortText),
    charges: chargeList(fields[9]),
    headers: fields[10] === undefined ? [] : headerList(fields[10]),
  };
}

export const encodeHead = ({ status, headers, isAccountedFor }: AnswerHead): string =>
  JSON.stringify([status, headers, isAccountedFor]);

export function decodeHead(payload: Buffer): AnswerHead {
  const fields = parseArray(payload, 3);
  const status = whole(fields[0], 599);
  if (status < 200) throw new LinkProtocolError("an answer's status is not final");
  return { status, headers: headerList(fields[1]), isAccountedFor: fields[2] === true };
}

export function encodeReport(report: CallReport): string {
  return JSON.stringify([
    report.recorded,
    report.outcome,
    report.provider,
    report.model,
    report.promptTokens,
    report.completionTokens,
    report.costNanoUsd,
    report.attempts,
  ]);
}

export function decodeReport(payload: Buffer): CallReport {
  const fields = parseArray(payload, 8);
  return {
    recorded: fields[0] === true,
    outcome: oneOf(fields[1], usageOutcomes),
    provider: textOrNull(fields[2]),
    model: textOrNull(fields[3]),
    promptTokens: whole(fields[4]),
    completionTokens: whole(fields[5]),
    costNanoUsd: whole(fields[6]),
    attempts: whole(fields[7]),
  };
}

export const encodePrincipal = (principal: Principal): string => JSON.stringify(principal);

/** Once per principal and link, so that a full schema check is cheap enough. */
export function decodePrincipal(payload: Buffer): Principal {
  const parsed = principalSchema.safeParse(parse(payload.toString()));
  if (!parsed.success) throw new LinkProtocolError("a principal does not fit its schema");
  return parsed.data;
}
