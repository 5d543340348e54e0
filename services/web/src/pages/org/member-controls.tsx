import type { OrgView, Sent, Success } from "../../domain/answers.ts";
import { useMutation } from "@tanstack/react-query";
import { api, bodyOf } from "../../api/client.ts";
import { withProof } from "../../api/proof.ts";
import { org as words } from "../../copy/org.ts";
import { states } from "../../copy/site.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { ProblemNotice } from "../../ui/notice.tsx";

type Member = Success<"/api/orgs/{orgId}/members", "get">["items"][number];
type Change = Sent<"/api/orgs/{orgId}/members/{userId}", "patch">;

const givenRoles = ["admin", "member", "billing"] as const;

interface MemberControlsProps {
  readonly org: OrgView;
  readonly member: Member;
  readonly isChangeable: boolean;
  readonly onChanged: () => Promise<void>;
}

/** A member's role and seat, in two cells. */
export function MemberControls({ org, member, isChangeable, onChanged }: MemberControlsProps) {
  const { userId, email, role, active } = member;
  const params = { path: { orgId: org.id, userId } };
  const change = useMutation({
    mutationFn: (body: Change) =>
      withProof(() => bodyOf(api.PATCH("/api/orgs/{orgId}/members/{userId}", { params, body }))),
    onSuccess: onChanged,
  });
  const roles = org.role === "owner" ? givenRoles : (["member"] as const);
  return (
    <>
      <td>
        {isChangeable && roles.length > 1 ? (
          <select
            className="input compact"
            aria-label={words.roleOf(email)}
            value={role}
            onChange={({ target }) => {
              const chosen = givenRoles.find((one) => one === target.value);
              if (chosen !== undefined) change.mutate({ role: chosen });
            }}
          >
            {roles.map((one) => (
              <option key={one} value={one}>
                {words.roles[one]}
              </option>
            ))}
          </select>
        ) : (
          words.roles[role]
        )}
      </td>
      <td>
        <input
          type="checkbox"
          aria-label={words.seatOf(email)}
          checked={active}
          disabled={!isChangeable || change.isPending}
          onChange={({ target }) => change.mutate({ active: target.checked })}
        />
        {change.error !== null && (
          <Dialog title={words.seatOf(email)} onClose={() => change.reset()}>
            <ProblemNotice error={change.error} />
            <div className="dialog-end">
              <Button onClick={() => change.reset()}>{states.close}</Button>
            </div>
          </Dialog>
        )}
      </td>
    </>
  );
}
