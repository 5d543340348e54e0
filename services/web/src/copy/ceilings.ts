/** Limits of calls a day that people set below the plan's. */
export const ceilings = {
  label: "Calls a day at most",
  keyHint: "Below the plan's own limit, for this key alone. Empty: no ceiling.",
  memberHint: "For all keys of this member in this org together. Empty: as many as their seat has.",
  orgKeyHint: "For this key. Its holder may set a lower ceiling, and not lift this one. Empty: no ceiling.",
  atMost: (calls: string): string => (calls === "1" ? "one call a day" : `${calls} calls a day`),
  byOrg: (calls: string): string => `${calls} calls a day, set by the org`,
  none: "None",
  column: "Ceiling",
  set: "Limit",
  setTitle: (name: string): string => `Limit the calls of ${name}`,
  lead: "It is in force at every gateway within two seconds, and calls of today count.",
} as const;
