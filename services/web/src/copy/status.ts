export const status = {
  title: "Status",
  whole: {
    operational: "Everything works.",
    degraded: "Something works less well than it should.",
    down: "Something does not work at the moment.",
  },
  states: { operational: "Works", degraded: "Degraded", down: "Down" },
  parts: {
    llm_api: { name: "LLM API", what: "Calls of models, streamed and not" },
    providers: { name: "Model providers", what: "Those that calls are routed over" },
    account: { name: "Accounts and orgs", what: "Sign-in, keys, members" },
    usage: { name: "Usage and limits", what: "What is left of today, and the history" },
    billing: { name: "Billing", what: "Plans, checkout, invoices" },
  },
  checked: (when: string): string => `As seen ${when}.`,
  again: "Look again",
  looking: "Looking …",
  unknown: "Not known",
  unreachable: "The platform does not answer from where you are. Either it is down, or the way to it is.",
} as const;
