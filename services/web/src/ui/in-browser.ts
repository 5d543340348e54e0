import { useSyncExternalStore } from "react";

const never = (): (() => void) => () => undefined;

/** What only the browser knows; `before` stands for it where pages are prerendered, and until the page is taken over. It is read again when the page is drawn, and whenever `onChange` calls back. */
export const useInBrowser = <T>(read: () => T, before: T, onChange: (look: () => void) => () => void = never): T =>
  useSyncExternalStore(onChange, read, () => before);
