import { isDeepStrictEqual } from "node:util";
import type { Principal } from "@topdog/contracts/rpc/resolve-principal";
import { maxPrincipals } from "../frame.ts";

interface Known {
  readonly number: number;
  principal: Principal;
}

export interface NumberedPrincipal {
  readonly number: number;
  /** The router does not know it yet, or knows it otherwise. */
  readonly isNew: boolean;
}

/** Which number stands for which principal on one connection. */
export interface PrincipalNumbers {
  /** The same principal has the same number until `maxPrincipals` others came after it. */
  numberOf(principal: Principal): NumberedPrincipal;
}

export function createPrincipalNumbers(max: number = maxPrincipals): PrincipalNumbers {
  const known = new Map<string, Known>();
  /** In the place of the oldest entry once all numbers are given out: a map keeps the order of insertion. */
  const freeNumber = (): number => {
    if (known.size < max) return known.size + 1;
    const [keyId, oldest] = known.entries().next().value as [string, Known];
    known.delete(keyId);
    return oldest.number;
  };
  return {
    numberOf(principal) {
      const found = known.get(principal.keyId);
      if (found === undefined) {
        const number = freeNumber();
        known.set(principal.keyId, { number, principal });
        return { number, isNew: true };
      }
      if (found.principal === principal) return { number: found.number, isNew: false };
      // Resolved again, and usually unchanged.
      const isNew = !isDeepStrictEqual(found.principal, principal);
      found.principal = principal;
      return { number: found.number, isNew };
    },
  };
}
