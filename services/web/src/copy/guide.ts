interface GuideSection {
  readonly id: string;
  readonly title: string;
  readonly paragraphs: readonly string[];
  readonly table?: readonly (readonly [string, string])[];
}

export const guide = {
  title: "Docs",
  lead: "Everything that a client needs to know fits on one page. The whole of both APIs is in the reference.",
  reference: "API reference",
  errors: "Every error",
  contents: "On this page",
  firstCall: "First call",
  firstCallLead:
    "Make a key in the dashboard, put it in place of $TOPDOG_KEY, and take any model that GET /v1/models lists.",
  sections: [
    {
      id: "addresses",
      title: "Addresses",
      paragraphs: [
        "Official SDKs work by changing the base URL and the key. Both dialects reach every model; what a dialect cannot say is named in x-topdog-dropped.",
      ],
      table: [
        ["POST /v1/chat/completions", "OpenAI's chat API, whole or streamed"],
        ["POST /v1/responses", "OpenAI's newer API, stored answers too"],
        ["POST /v1/messages", "Anthropic's API"],
        ["POST /v1/embeddings", "Vectors, of models that have them"],
        ["GET /v1/models", "What your key may call"],
      ],
    },
    {
      id: "keys",
      title: "Keys",
      paragraphs: [
        "Send a key as Authorization: Bearer, or as x-api-key. It starts with td_ and is shown once. A key may have an end, models and addresses that it is limited to, and scopes: llm calls models, usage:read reads usage, account manages.",
        "Rotate a key to give it a new secret; the old one works for as long as you choose. A revoked key is refused everywhere within a tenth of a second.",
      ],
    },
    {
      id: "limits",
      title: "Limits",
      paragraphs: [
        "A plan limits API calls and LLM requests a day, and how many requests run at once. Limits reset at 00:00 UTC. Your own limit is used first, then the org's bucket, then the answer is 429 with Retry-After.",
        "An LLM request is spent by a call that a provider answered with success, whole or in part. Your own mistakes cost one API call; faults of ours or of a provider cost nothing.",
      ],
      table: [
        ["X-RateLimit-Source", "What the call was charged to: personal or org_pool"],
        ["RateLimit, RateLimit-Policy", "Every limit, what is left and when it resets (IETF)"],
        ["x-ratelimit-remaining-requests", "LLM requests that are left, as OpenAI's clients read it"],
        ["X-BYOK-Scope, -Used, -Capacity", "Your provider keys, or your org's pool"],
      ],
    },
    {
      id: "byok",
      title: "Your own provider keys",
      paragraphs: [
        "A key of your own is tried before the platform's, in the order that you choose. When it fails, the call is refused with what to do, unless you allowed the platform's to go on.",
        "It may be held to models, and an org's to members too. For an endpoint of your own, which speaks OpenAI's chat API, the provider is custom, the key https://key@host/v1, and the models are the ones that it serves.",
        "Keys are sealed with a key of their own and never shown again. Revoking one destroys it and leaves an entry in the audit log.",
      ],
    },
    {
      id: "failover",
      title: "Failover",
      paragraphs: [
        "A provider that fails before its first token is left for the next one, unseen. After output has begun, a failure ends the stream with the dialect's own error event.",
      ],
      table: [
        ["x-topdog-provider", "Who answered"],
        ["x-topdog-attempts", "How many were tried"],
        ["x-topdog-cost-usd", "What the provider charges for the call"],
      ],
    },
  ] as readonly GuideSection[],
};
