/** Tools that the caller runs; all others run at the provider. */
export const callersTools: ReadonlySet<unknown> = new Set([
  "function",
  "custom",
  "local_shell",
  "shell",
  "apply_patch",
  "namespace",
]);
