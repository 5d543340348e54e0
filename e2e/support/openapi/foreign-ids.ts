import * as fc from "fast-check";
import type { ApiRequest, CallerKind } from "./api-setting.ts";
import { follow, type OpenApi, type Operation } from "./document.ts";
import { validValue } from "./schema-values.ts";

interface Ids {
  readonly own: string;
  readonly foreign: string;
  readonly missing: string;
}

const org: Ids = { own: "<ownOrg>", foreign: "<foreignOrg>", missing: "org_missing" };
/** Every input that names a thing of a tenant, by its name in the document. */
const idInputs: Readonly<Record<string, Ids>> = {
  org,
  orgId: org,
  userId: { own: "<ownMember>", foreign: "<foreignUser>", missing: "usr_missing" },
  sessionId: { own: "ses_own", foreign: "ses_foreign", missing: "ses_missing" },
  keyId: { own: "<ownKey>", foreign: "<foreignKey>", missing: "key_missing" },
  // Of sessions alone: an API key is refused before any is looked for.
  credentialId: { own: "cred_own", foreign: "cred_foreign", missing: "cred_missing" },
  serviceAccountId: { own: "svc_own", foreign: "svc_foreign", missing: "svc_missing" },
  passkeyId: { own: "pky_own", foreign: "pky_foreign", missing: "pky_missing" },
  identityId: { own: "idn_own", foreign: "idn_foreign", missing: "idn_missing" },
  invitationId: { own: "inv_own", foreign: "inv_foreign", missing: "inv_missing" },
  cursor: { own: "", foreign: "<cursorAtForeignKey>", missing: "<cursorAtMissingKey>" },
};
/** Inputs that name nothing of a tenant. A new input must be put into one of the two lists. */
const plainInputs = new Set(
  [
    "limit from to scope kind search interval groupBy source model name role active provider key label order reason fallback allowedModels allowedMembers",
    "plan interval seats newPassword prorationDate after days priceId email password token code scopes expiresAt",
    "credential allowedAddresses overlapSeconds deniedModels allowedProviders deniedProviders durable seq dailyCeiling",
    "authorizationCode state issuer again",
  ].flatMap((names) => names.split(" ")),
);

/** In a path, for an input that names nothing of a tenant. */
const plainId = "1";

export interface ForeignCase {
  readonly what: string;
  readonly foreign: ApiRequest;
  readonly missing: ApiRequest;
}

export interface Input {
  readonly name: string;
  readonly place: "path" | "query" | "body";
}

export function inputsOf(document: OpenApi, { parameters, body }: Operation): Input[] {
  const fields = body === null ? [] : Object.keys(follow(document, body).properties ?? {});
  return [
    ...parameters.map(({ name, in: place }) => ({ name, place })),
    ...fields.map((name) => ({ name, place: "body" as const })),
  ];
}

/** Each account operation with one id of somebody else, and the same with an id of nobody. */
export function foreignCases(document: OpenApi, operation: Operation, caller: CallerKind): ForeignCase[] {
  const inputs = inputsOf(document, operation);
  const unknown = inputs.filter(({ name }) => idInputs[name] === undefined && !plainInputs.has(name));
  if (unknown.length > 0) {
    const names = unknown.map(({ name }) => name).join(", ");
    throw new Error(`${operation.method} ${operation.path}: say in foreign-ids.ts whether it names a thing: ${names}`);
  }
  return inputs.flatMap((input) => {
    const ids = idInputs[input.name];
    if (ids === undefined) return [];
    const ask = (id: string): ApiRequest => requestWith(document, operation, caller, input, id);
    const what = `${operation.method} ${operation.path} with ${input.name} in the ${input.place}`;
    return [{ what, foreign: ask(ids.foreign), missing: ask(ids.missing) }];
  });
}

/** An account operation on things of one's own, but for one input of its body or query. */
export function wrongRequest(
  document: OpenApi,
  operation: Operation,
  { name, place }: Input,
  value: unknown,
): ApiRequest {
  const right = ownRequest(document, operation, "person");
  if (place === "query") return { ...right, target: `${right.target}?${name}=${encodeURIComponent(String(value))}` };
  return { ...right, body: JSON.stringify({ ...(JSON.parse(right.body ?? "{}") as object), [name]: value }) };
}

/** An account operation on things of one's own, the same each time. */
export const ownRequest = (document: OpenApi, operation: Operation, caller: CallerKind): ApiRequest =>
  requestWith(document, operation, caller, null, "");

function requestWith(
  document: OpenApi,
  { method, path, body }: Operation,
  caller: CallerKind,
  input: Input | null,
  id: string,
): ApiRequest {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    input?.place === "path" && name === input.name ? id : (idInputs[name]?.own ?? plainId),
  );
  return {
    caller,
    method,
    target: input?.place === "query" ? `${filled}?${input.name}=${id}` : filled,
    contentType: "application/json",
    body: body === null ? null : JSON.stringify({ ...sampleBody(document, body), ...bodyField(input, id) }),
  };
}

const bodyField = (input: Input | null, id: string): object => (input?.place === "body" ? { [input.name]: id } : {});

/** A body that the schema takes, the same each time. */
function sampleBody(document: OpenApi, schema: NonNullable<Operation["body"]>): object {
  const ownId = (name: string): fc.Arbitrary<string> | null => {
    const ids = idInputs[name];
    return ids === undefined ? null : fc.constant(ids.own);
  };
  const plainName = (name: string): fc.Arbitrary<string> | null => (name === "name" ? fc.constant("ci") : ownId(name));
  const [value] = fc.sample(validValue(document, schema, "", plainName), { seed: 1, numRuns: 1 });
  return value as object;
}
