import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { membersQuery } from "../../api/queries.ts";
import { byok } from "../../copy/byok.ts";
import { Choice } from "../../ui/choice.tsx";
import { textOf } from "../../ui/form.tsx";
import { ProblemNotice } from "../../ui/notice.tsx";
import { Loading } from "../../ui/states.tsx";

interface MembersFieldProps {
  readonly orgId: string;
  /** Null: every member. */
  readonly given: readonly string[] | null;
}

/** Whose calls may use a credential of the org: every member's, or those of the ones that are ticked. */
export function MembersField({ orgId, given }: MembersFieldProps) {
  const [whose, setWhose] = useState<"every" | "some">(given === null ? "every" : "some");
  const query = useQuery({ ...membersQuery(orgId), enabled: whose === "some" });
  const members = query.data?.items ?? [];
  // Those that were ticked stay so, also while it is not known yet who they are.
  const unknown = (given ?? []).filter((id) => members.every(({ userId }) => userId !== id));
  const offered = [
    ...unknown.map((id) => [id, id] as const),
    ...members.map((one) => [one.userId, one.email] as const),
  ];
  return (
    <div className="field">
      <span className="legend">{byok.members}</span>
      <Choice
        legend={byok.members}
        value={whose}
        options={[
          ["every", byok.everyMember],
          ["some", byok.someMembers],
        ]}
        onChange={setWhose}
      />
      <input type="hidden" name="whose" value={whose} />
      {whose === "some" && (
        <fieldset className="pick">
          <legend className="unseen">{byok.someMembers}</legend>
          {offered.map(([id, name]) => (
            <label key={id} className="check">
              <input type="checkbox" name="member" value={id} defaultChecked={given?.includes(id)} />
              <span className="wrapped">{name}</span>
            </label>
          ))}
          {query.isPending && <Loading lines={2} />}
          {query.error !== null && <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />}
        </fieldset>
      )}
      <span className="small muted">{byok.membersHint}</span>
    </div>
  );
}

/** Who is ticked in such a field; null when every member is meant. */
export const membersOf = (form: FormData): string[] | null =>
  textOf(form, "whose") === "some" ? form.getAll("member").map(String) : null;
