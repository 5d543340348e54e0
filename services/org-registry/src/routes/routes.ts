import type { Route } from "@topdog/http-kit/route";
import { createOrgRoute } from "./create-org.ts";
import { renameOrgRoute } from "./rename-org.ts";
import { deleteOrgRoute } from "./delete-org.ts";
import { restoreOrgRoute } from "./restore-org.ts";
import { removeMemberRoute } from "./remove-member.ts";
import { offerOwnershipRoute } from "./offer-ownership.ts";
import { endOfferRoute } from "./end-offer.ts";
import { acceptOwnershipRoute } from "./accept-ownership.ts";
import type { CredentialDeps } from "../usecases/credential-deps.ts";
import type { DeadLetterDeps } from "../usecases/handle-dead-letters.ts";
import { addCredentialRoute } from "./add-credential.ts";
import { exportOrgAuditRoute, exportOwnAuditRoute, readOrgAuditRoute, readOwnAuditRoute } from "./read-audit.ts";
import { createAuthRoutes } from "./auth-routes.ts";
import type { AuthRouteDeps } from "./auth-schemas.ts";
import { changeKeyRoute } from "./change-key.ts";
import { changeMemberRoute } from "./change-member.ts";
import { chooseByokSettingsRoute } from "./choose-byok-settings.ts";
import { createKeyRoute } from "./create-key.ts";
import { editCredentialRoute } from "./edit-credential.ts";
import { getOrgRoute } from "./get-org.ts";
import { listCredentialsRoute } from "./list-credentials.ts";
import { listKeysRoute } from "./list-keys.ts";
import { inviteRoute, listInvitationsRoute, revokeInvitationRoute } from "./org-invitations.ts";
import { acceptInvitationRoute, declineInvitationRoute, showInvitationRoute } from "./own-invitations.ts";
import { listMembersRoute } from "./list-members.ts";
import { chooseModelRulesRoute, readModelRulesRoute } from "./model-rules.ts";
import { listOrgsRoute } from "./list-orgs.ts";
import { dropDeadLetterRoute, listDeadLettersRoute, replayDeadLetterRoute } from "./operator-dead-letters.ts";
import { listTenantsRoute } from "./operator-tenants.ts";
import { readDailyUsageRoute } from "./read-daily-usage.ts";
import { revokeCredentialRoute } from "./revoke-credential.ts";
import { revokeKeyRoute } from "./revoke-key.ts";
import { setKeyCeilingRoute } from "./set-key-ceiling.ts";
import { rotateCredentialRoute } from "./rotate-credential.ts";
import { rotateKeyRoute } from "./rotate-key.ts";
import { createServiceAccountRoute, listServiceAccountsRoute, removeServiceAccountRoute } from "./service-accounts.ts";

const constructors = [
  createKeyRoute,
  listKeysRoute,
  changeKeyRoute,
  rotateKeyRoute,
  revokeKeyRoute,
  listOrgsRoute,
  getOrgRoute,
  listMembersRoute,
  changeMemberRoute,
  setKeyCeilingRoute,
  readDailyUsageRoute,
  listTenantsRoute,
  listDeadLettersRoute,
  replayDeadLetterRoute,
  dropDeadLetterRoute,
  readOrgAuditRoute,
  exportOrgAuditRoute,
  readOwnAuditRoute,
  exportOwnAuditRoute,
  inviteRoute,
  listInvitationsRoute,
  revokeInvitationRoute,
  showInvitationRoute,
  acceptInvitationRoute,
  declineInvitationRoute,
  createOrgRoute,
  renameOrgRoute,
  readModelRulesRoute,
  chooseModelRulesRoute,
  deleteOrgRoute,
  restoreOrgRoute,
  removeMemberRoute,
  offerOwnershipRoute,
  endOfferRoute,
  acceptOwnershipRoute,
  createServiceAccountRoute,
  listServiceAccountsRoute,
  removeServiceAccountRoute,
  listCredentialsRoute,
  addCredentialRoute,
  chooseByokSettingsRoute,
  editCredentialRoute,
  rotateCredentialRoute,
  revokeCredentialRoute,
];

/** The account API of this service: what is mounted, and what the OpenAPI document is made of. */
export const createRoutes = (deps: CredentialDeps & AuthRouteDeps & DeadLetterDeps): Route[] => [
  ...createAuthRoutes(deps),
  ...constructors.map((construct) => construct(deps)),
];
