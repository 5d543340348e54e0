import type { Route } from "@topdog/http-kit/route";
import type { RegistryDeps } from "../usecases/change.ts";
import { createOrgRoute } from "./create-org.ts";
import { renameOrgRoute } from "./rename-org.ts";
import { deleteOrgRoute } from "./delete-org.ts";
import { restoreOrgRoute } from "./restore-org.ts";
import { removeMemberRoute } from "./remove-member.ts";
import { offerOwnershipRoute } from "./offer-ownership.ts";
import { endOfferRoute } from "./end-offer.ts";
import { acceptOwnershipRoute } from "./accept-ownership.ts";
import { changeMemberRoute } from "./change-member.ts";
import { createKeyRoute } from "./create-key.ts";
import { getOrgRoute } from "./get-org.ts";
import { listKeysRoute } from "./list-keys.ts";
import { listMembersRoute } from "./list-members.ts";
import { listOrgsRoute } from "./list-orgs.ts";
import { revokeKeyRoute } from "./revoke-key.ts";

const constructors = [
  createKeyRoute,
  listKeysRoute,
  revokeKeyRoute,
  listOrgsRoute,
  getOrgRoute,
  listMembersRoute,
  changeMemberRoute,
  createOrgRoute,
  renameOrgRoute,
  deleteOrgRoute,
  restoreOrgRoute,
  removeMemberRoute,
  offerOwnershipRoute,
  endOfferRoute,
  acceptOwnershipRoute,
];

/** The account API of this service: what is mounted, and what the OpenAPI document is made of. */
export const createRoutes = (deps: RegistryDeps): Route[] => constructors.map((construct) => construct(deps));
