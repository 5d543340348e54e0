import { scrubText } from "@topdog/telemetry/scrub";

interface OpenAiError {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
}

const text = (value: unknown): string | null => (typeof value === "string" ? value : null);
const withoutAddresses = (message: string): string => message.replaceAll(/\bhttps?:\/\/\S+/g, "[address]");

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return null;
  }
}

/**
 * A provider's 4xx body, reduced to the members that OpenAI documents: nothing else of it reaches the caller, and
 * none of the account that we have there.
 */
export function refusalBody(body: Buffer): Buffer {
  const parsed = parse(body) as { error?: unknown; message?: unknown } | null;
  const given = typeof parsed?.error === "object" && parsed.error !== null ? parsed.error : (parsed ?? {});
  const fields = given as Record<string, unknown>;
  const code = fields["code"];
  const error: OpenAiError = {
    message: withoutAddresses(text(fields["message"]) ?? "The provider refused the request."),
    type: text(fields["type"]) ?? "invalid_request_error",
    param: text(fields["param"]),
    code: typeof code === "number" ? String(code) : text(code),
  };
  return Buffer.from(scrubText(JSON.stringify({ error })));
}
