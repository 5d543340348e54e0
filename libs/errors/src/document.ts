import { errorCodes, errorRegistry } from "./registry.ts";

const intro = `# Errors

Every error has a code that never changes its meaning. \`/v1\` answers in the OpenAI shape, \`{"error":{"message","type","param","code"}}\`;
in Anthropic's, \`{"type":"error","error":{"type","message","code"}}\`, at Anthropic's paths; everything else answers problem+json (RFC 9457) whose \`type\` is \`/docs/errors#<code>\`. Each answer carries \`x-request-id\`: quote it to support.
*Retry* says whether the same request may succeed later by itself; then \`Retry-After\` says when, if that is known.

This table is generated from \`libs/errors/src/registry.ts\`.
`;

/** The text of docs/errors.md. */
export function renderErrorDocument(): string {
  const rows = errorCodes.map((code) => {
    const entry = errorRegistry[code];
    const retry = entry.retryable ? "yes" : "no";
    return `| <a id="${code}"></a>\`${code}\` | ${entry.status} | \`${entry.openaiType}\` | ${retry} | ${entry.title} | ${entry.nextStep} |`;
  });
  return [
    intro,
    "| code | status | OpenAI type | retry | meaning | what to do |",
    "|---|---|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}
