import type { OrgView } from "../../domain/answers.ts";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "react-router";
import { api, bodyOf } from "../../api/client.ts";
import { org as words } from "../../copy/org.ts";
import { formatDate } from "../../domain/format.ts";
import { ActButton, ConfirmButton } from "../../ui/act-button.tsx";
import { ButtonLink } from "../../ui/button.tsx";
import { TextField } from "../../ui/field.tsx";
import { textOf } from "../../ui/form.tsx";
import { FigureRow } from "../../ui/figure-row.tsx";
import { Notice } from "../../ui/notice.tsx";
import { PageHeading, Panel } from "../../ui/panel.tsx";
import { usePlanNames } from "../../ui/plan-names.ts";
import { pathIn } from "../../ui/workspace.ts";

/** What an org is, and what is done with it as a whole. */
export function OrgHead({ org, me }: { readonly org: OrgView; readonly me: string }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const params = { path: { orgId: org.id } };
  const reload = async (): Promise<void> => {
    await Promise.all(["org", "orgs", "members"].map((key) => queries.invalidateQueries({ queryKey: [key] })));
  };
  const rename = async (form: FormData): Promise<void> => {
    await bodyOf(api.PATCH("/api/orgs/{orgId}", { params, body: { name: textOf(form, "name") } }));
    await reload();
  };
  const remove = async (form: FormData): Promise<void> => {
    const reason = textOf(form, "reason");
    const query = reason === "" ? {} : { reason };
    await bodyOf(api.DELETE("/api/orgs/{orgId}", { params: { ...params, query } }));
    await reload();
    await navigate(pathIn("/org", org.id));
  };
  const nameOf = usePlanNames();
  const isOwner = org.role === "owner";
  const { facts } = words;
  return (
    <>
      <PageHeading
        title={org.name}
        action={
          org.deletionDueAt === null &&
          (isOwner || org.role === "admin") && (
            <div className="row">
              <ConfirmButton label={words.rename} title={words.rename} look="line" submitLook="solid" act={rename}>
                <TextField label={words.name} name="name" defaultValue={org.name} required maxLength={100} />
              </ConfirmButton>
              {isOwner && (
                <ConfirmButton label={words.delete} title={words.deleteTitle(org.name)} look="danger" act={remove}>
                  <p>{words.deleteLead}</p>
                  <TextField label={words.reason} name="reason" maxLength={100} />
                </ConfirmButton>
              )}
            </div>
          )
        }
      />
      <Warnings org={org} me={me} onChanged={reload} />
      <Panel title={facts.plan}>
        <FigureRow
          figures={[
            [facts.plan, nameOf(org.plan)],
            [facts.seats, words.seats(org.activeMembers, org.seats)],
            [facts.role, words.roles[org.role]],
          ]}
        />
        <p className="small muted under">{org.active ? words.hasSeat : words.noSeat}.</p>
      </Panel>
    </>
  );
}

interface WarningsProps {
  readonly org: OrgView;
  readonly me: string;
  readonly onChanged: () => Promise<void>;
}

function Warnings({ org, me, onChanged }: WarningsProps) {
  const params = { path: { orgId: org.id } };
  const act = (call: () => Promise<unknown>) => async (): Promise<void> => {
    await call();
    await onChanged();
  };
  const restore = act(() => bodyOf(api.POST("/api/orgs/{orgId}/restore", { params })));
  const accept = act(() => bodyOf(api.POST("/api/orgs/{orgId}/ownership-offer/accept", { params })));
  const end = act(() => bodyOf(api.DELETE("/api/orgs/{orgId}/ownership-offer", { params })));
  const isOfferedToMe = org.offer?.userId === me;
  const mayPay = org.role === "owner" || org.role === "billing";
  return (
    <>
      {org.deletionDueAt !== null && (
        <Notice
          tone="bad"
          action={org.role === "owner" && <ActButton label={words.restore} size="small" act={restore} />}
        >
          {words.deleted(formatDate(org.deletionDueAt))}
        </Notice>
      )}
      {org.offer !== null && (isOfferedToMe || org.role === "owner") && (
        <Notice
          action={
            <span className="row">
              {isOfferedToMe && <ActButton label={words.acceptOffer} look="solid" size="small" act={accept} />}
              <ActButton label={isOfferedToMe ? words.declineOffer : words.endOffer} size="small" act={end} />
            </span>
          }
        >
          {isOfferedToMe ? words.offeredYou : words.offered(formatDate(org.offer.expiresAt))}
        </Notice>
      )}
      {org.deletionDueAt === null && org.activeMembers >= org.seats && mayPay && (
        <Notice
          tone="warn"
          action={
            <ButtonLink size="small" to={pathIn("/billing", org.id)}>
              {org.plan === "free" ? words.choosePlan : words.addSeats}
            </ButtonLink>
          }
        >
          {org.plan === "free" ? words.unpaid : words.full}
        </Notice>
      )}
    </>
  );
}
