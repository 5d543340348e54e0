export const errors = {
  title: "Every error",
  lead: "A code never changes its meaning: switch on it, not on the message.",
  shapes: [
    ["At OpenAI's paths", '{"error": {"message", "type", "param", "code"}}'],
    ["At Anthropic's paths", '{"type": "error", "error": {"type", "message", "code"}}'],
    ["Everywhere else", "application/problem+json (RFC 9457), with code and type"],
  ],
  requestId:
    "Each answer carries x-request-id: quote it to support. Without text/html in Accept this page is Markdown.",
  search: "Search",
  searchHint: "A code, a status, or words of what you were told.",
  found: (count: number, of: number): string => (count === of ? `${of} errors` : `${count} of ${of} errors`),
  nothing: "No error has all of these words.",
  type: (openaiType: string): string => `type ${openaiType}`,
  again: "retry: yes, it may succeed later by itself",
  notAgain: "retry: no",
} as const;
