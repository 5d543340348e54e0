import { z } from "zod";

/** Routers that share one name and one weight, such as the stable ones or the canary's. */
export interface RouterGroup {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
  /** Its share of the calls, compared with the other groups; 0 takes none. */
  readonly weight: number;
}

const maxGroups = 16;
const maxWeight = 1_000_000;
const protocols: Readonly<Record<string, boolean>> = { "link:": false, "links:": true };

function parseGroup(text: string): RouterGroup {
  const url = new URL(text);
  const isTls = protocols[url.protocol];
  if (isTls === undefined) throw new Error("must start with link:// or links://");
  if (url.hostname === "" || url.port === "") throw new Error("needs a host and a port");
  const given = url.searchParams.get("weight");
  const weight = given === null ? 1 : Number(given);
  if (!Number.isInteger(weight) || weight < 0 || weight > maxWeight)
    throw new Error("has no whole number as its weight");
  const host = url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname;
  return { host, port: Number(url.port), isTls, weight };
}

/** `link://host:port?weight=1`, several of them separated by commas; `links://` is over TLS. */
export const routerGroupsSchema = z.string().transform((text, context): readonly RouterGroup[] => {
  try {
    const groups = text.split(",").map((one) => parseGroup(one.trim()));
    if (groups.length > maxGroups) throw new Error(`are more than ${maxGroups}`);
    if (groups.every(({ weight }) => weight === 0)) throw new Error("all have the weight 0");
    return groups;
  } catch (error) {
    context.addIssue({
      code: "custom",
      message: error instanceof Error ? error.message : "is not a list of link URLs",
    });
    return z.NEVER;
  }
});
