import { useEffect } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { safeNext } from "../api/sign-in.ts";

/** For who has just signed up. */
export const firstPage = "/welcome";

const storageKey = "next";
/** As long as a mailed link is good. */
const lifetimeMs = 60 * 60_000;

interface Kept {
  readonly next: string;
  readonly untilMs: number;
}

const isKept = (value: unknown): value is Kept =>
  typeof value === "object" && value !== null && "next" in value && "untilMs" in value;

/** Keeps where somebody wanted to go who has to sign in, or to sign up by a mail, first: in this browser, whose tabs share it. */
export function keepNext(next: string): void {
  try {
    localStorage.setItem(storageKey, JSON.stringify({ next, untilMs: Date.now() + lifetimeMs } satisfies Kept));
  } catch {
    // Without storage they find the way themselves.
  }
}

/** Where they wanted to go; null for nowhere. It counts once. */
export function takeNext(): string | null {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(storageKey) ?? "null");
    localStorage.removeItem(storageKey);
    return isKept(kept) && kept.untilMs > Date.now() ? kept.next : null;
  } catch {
    return null;
  }
}

/** Where somebody goes who signs in here: where the address says, else where they wanted to go lately, else `otherwise`. */
export function useNext(otherwise: string) {
  const navigate = useNavigate();
  const asked = useSearchParams()[0].get("next");
  useEffect(() => {
    if (asked !== null) keepNext(safeNext(asked, otherwise));
  }, [asked, otherwise]);
  return {
    next: safeNext(asked, otherwise),
    goOn: async (): Promise<void> => navigate(safeNext(takeNext() ?? asked, otherwise)),
  };
}
