export const audit = {
  title: "Audit log",
  hint: "Each entry is chained to the one before it: nothing is changed or removed unseen.",
  none: "Nothing yet.",
  exported: "Export all",
  you: "you",
  columns: { when: "When", what: "What", who: "Who", why: "Why" },
} as const;
