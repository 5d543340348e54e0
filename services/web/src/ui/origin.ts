import { useInBrowser } from "./in-browser.ts";

const placeholder = "https://topdog.example";

/** Where this site is. */
export const useOrigin = (): string => useInBrowser(() => location.origin, placeholder);
