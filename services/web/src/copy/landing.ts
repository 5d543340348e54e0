export const landing = {
  title: ["Every model.", "One API.", "Each call counted once."],
  lead: "Point any OpenAI or Anthropic client at Top Dog. It fails over between providers before the first token, holds you to exact daily limits, and uses your own provider keys first.",
  start: "Start free",
  prices: "See prices",
  noCard: (calls: string, requests: string): string =>
    `No card. ${calls} API calls and ${requests} LLM requests a day, free.`,
  sample: "The first call",
  stepsTitle: "What happens to a call",
  steps: [
    ["Recognised", "Your key is known in memory. Revoke it, and every gateway refuses it within a tenth of a second."],
    [
      "Admitted",
      "One token of your daily limit is taken, without a network hop. Nobody gets one call more than their plan.",
    ],
    [
      "Routed",
      "Your own credentials come first, then the platform's. A provider that fails is left before you see a byte of it.",
    ],
    [
      "Written down",
      "Usage is on disk before the last byte leaves. Kill any process at any moment: the call is in the ledger, once.",
    ],
  ],
  factsTitle: "What you can hold us to",
  facts: [
    ["Our faults are free", "A call that failed on our side or a provider's costs nothing. Not a request, not a cent."],
    ["Every answer shows its charge", "Each response says what it was charged to, what is left, and when it resets."],
    [
      "Your keys stay yours",
      "Provider keys are sealed with a key of their own, and never shown again. Revoking one destroys it.",
    ],
    ["Teams share without fighting", "Every seat-holder has limits of their own, and a common bucket behind them."],
  ],
  plansTitle: "One set of rules for every plan",
  perMonth: "a month",
  calls: (value: string): string => `${value} API calls a day`,
  perSeat: "per seat",
  compare: "Compare everything",
  endTitle: "Your first completion is a minute away",
} as const;
