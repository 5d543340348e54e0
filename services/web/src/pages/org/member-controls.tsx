import type { OrgView, Sent, Success } from "../../domain/answers.ts";
import { useMutation } from "@tanstack/react-query";
import { api, bodyOf } from "../../api/client.ts";
import { withProof } from "../../api/proof.ts";
import { org as words } from "../../copy/org.ts";
import { ProblemDialog } from "../../ui/problem-dialog.tsx";

export type Member = Success<"/api/orgs/{orgId}/members", "get">["items"][number];
type Change = Sent<"/api/orgs/{orgId}/members/{userId}", "patch">;

const givenRoles = ["admin", "member", "billing"] as const;

interface MemberControlProps {
  readonly org: OrgView;
  readonly member: Member;
  readonly isChangeable: boolean;
  readonly onChanged: () => Promise<void>;
}

function useChange({ org, member, onChanged }: MemberControlProps) {
  const params = { path: { orgId: org.id, userId: member.userId } };
  return useMutation({
    mutationFn: (body: Change) =>
      withProof(() => bodyOf(api.PATCH("/api/orgs/{orgId}/members/{userId}", { params, body }))),
    onSuccess: onChanged,
  });
}

export function RoleControl(props: MemberControlProps) {
  const change = useChange(props);
  const { org, member, isChangeable } = props;
  const { email, role } = member;
  if (!isChangeable || org.role !== "owner") return words.roles[role];
  return (
    <>
      <select
        className="input compact"
        aria-label={words.roleOf(email)}
        value={role}
        onChange={({ target }) => {
          const chosen = givenRoles.find((one) => one === target.value);
          if (chosen !== undefined) change.mutate({ role: chosen });
        }}
      >
        {givenRoles.map((one) => (
          <option key={one} value={one}>
            {words.roles[one]}
          </option>
        ))}
      </select>
      <ProblemDialog title={words.roleOf(email)} error={change.error} onClose={() => change.reset()} />
    </>
  );
}

export function SeatControl(props: MemberControlProps) {
  const change = useChange(props);
  const { email, active } = props.member;
  return (
    <>
      <input
        type="checkbox"
        aria-label={words.seatOf(email)}
        checked={active}
        disabled={!props.isChangeable || change.isPending}
        onChange={({ target }) => change.mutate({ active: target.checked })}
      />
      <ProblemDialog title={words.seatOf(email)} error={change.error} onClose={() => change.reset()} />
    </>
  );
}
