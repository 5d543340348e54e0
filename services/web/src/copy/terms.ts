interface PlanFacts {
  /** `Teams starts at 3 seats, Enterprise at 10` */
  readonly minimumSeats: string;
  readonly discountPercent: number;
  readonly hasRegulatedPlans: boolean;
}

export const terms = {
  title: "Plan terms",
  lead: "What a plan includes, in plain words.",
  minimumSeats: (plan: string, seats: number, isFirst: boolean): string =>
    isFirst ? `${plan} starts at ${seats} seats` : `${plan} at ${seats}`,
  sections: ({
    minimumSeats,
    discountPercent,
    hasRegulatedPlans,
  }: PlanFacts): readonly (readonly [string, string])[] => [
    [
      "Limits",
      "Limits are per day and per person; the day is UTC and ends at 00:00. In an org every seat-holder has limits of their own, and the org's bucket is used after them. A limit is never exceeded, and never sold twice.",
    ],
    [
      "What costs",
      "An API call is any request to the LLM API that is counted. An LLM request is one that a provider answered with success, whole or in part. A call that fails through our fault or a provider's is given back. Listing models is free.",
    ],
    [
      "Seats",
      `Seats are what the subscription pays for. ${minimumSeats}. More members than seats may belong to an org; only those with a seat call models with its keys.`,
    ],
    [
      "Annual billing",
      `Dev plans cost ${discountPercent} % less when they are billed once a year.${hasRegulatedPlans ? " Regulated plans have no annual discount: a year is 12 times the monthly price." : ""}`,
    ],
    [
      "Changes",
      "More (a larger plan, more seats, a year for a month) counts at once and is paid first. Less comes when the period that you paid for ends, and can be taken back until then. Cancelling does the same.",
    ],
    ["Failed payments", "A plan stands for seven days from the first failed payment, and becomes Free then."],
    [
      "Provider keys (BYOK)",
      "Slots are for live keys. When a smaller plan has fewer slots, the newest keys work on for 14 days and are kept unused after that; nothing is deleted unasked.",
    ],
  ],
};
