import type { OrgView } from "../domain/answers.ts";
import { useQuery } from "@tanstack/react-query";
import { useSearchParams } from "react-router";
import { orgQuery } from "../api/queries.ts";

export interface Workspace {
  /** Null: the person's own. */
  readonly orgId: string | null;
  /** Undefined until it is known, and for the person's own. */
  readonly org: OrgView | undefined;
  /** The org was asked for and is not shown to this person, or cannot be. */
  readonly isRefused: boolean;
}

/** What the page is about: the person, or the org that the address names. */
export function useWorkspace(): Workspace {
  const [params] = useSearchParams();
  const orgId = params.get("org");
  const { data: org, isError } = useQuery({ ...orgQuery(orgId ?? ""), enabled: orgId !== null });
  return { orgId, org, isRefused: isError };
}

/** As the server decides it: who manages what all members of an org share. */
export const runsOrg = ({ active, role }: OrgView): boolean => active && (role === "owner" || role === "admin");

/** The same page or another, about the same workspace. */
export const pathIn = (path: string, orgId: string | null): string =>
  orgId === null ? path : `${path}?org=${encodeURIComponent(orgId)}`;
