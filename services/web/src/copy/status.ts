export const status = {
  title: "Status",
  up: "Everything that we can see works.",
  down: "Something does not work at the moment.",
  site: "LLM API and account API",
  works: "Works",
  fails: "Does not answer",
  checked: "Checked just now, from your browser.",
  plans: "Plans and billing",
} as const;
