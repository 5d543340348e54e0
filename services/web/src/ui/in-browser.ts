import { useSyncExternalStore } from "react";

const never = (): (() => void) => () => undefined;

/** What only the browser knows; `before` stands for it where pages are prerendered, and until the page is taken over. */
export const useInBrowser = <T>(read: () => T, before: T): T => useSyncExternalStore(never, read, () => before);
