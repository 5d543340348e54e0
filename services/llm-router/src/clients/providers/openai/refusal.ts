import type { ProviderRefusal } from "@topdog/dialects/dialect";
import { scrubText } from "@topdog/telemetry/scrub";

const text = (value: unknown): string | null => (typeof value === "string" ? scrubText(value) : null);
const withoutAddresses = (message: string): string => message.replaceAll(/\bhttps?:\/\/\S+/g, "[address]");

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return null;
  }
}

/**
 * A 4xx body, reduced to the members that OpenAI documents: nothing else of it reaches the caller, and none of the
 * account that we have there.
 */
export function readRefusal(body: Buffer): ProviderRefusal {
  const parsed = parse(body) as { error?: unknown; message?: unknown } | null;
  const given = typeof parsed?.error === "object" && parsed.error !== null ? parsed.error : (parsed ?? {});
  const fields = given as Record<string, unknown>;
  const code = fields["code"];
  return {
    message: withoutAddresses(text(fields["message"]) ?? "The provider refused the request."),
    type: text(fields["type"]),
    param: text(fields["param"]),
    code: typeof code === "number" ? String(code) : text(code),
  };
}
