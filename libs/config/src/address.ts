import { BlockList, isIP } from "node:net";
import { z } from "zod";

/** Link-local networks and the metadata services of clouds, which give a machine its credentials. */
const metadataAddresses = new BlockList();
metadataAddresses.addSubnet("169.254.0.0", 16, "ipv4");
metadataAddresses.addAddress("100.100.100.200", "ipv4");
metadataAddresses.addAddress("192.0.0.192", "ipv4");
metadataAddresses.addSubnet("fe80::", 10, "ipv6");
metadataAddresses.addAddress("fd00:ec2::254", "ipv6");
metadataAddresses.addAddress("fd20:ce::254", "ipv6");
const metadataNames = /^(?:metadata|instance-data)(?:\.|$)/;

/** Whether an address leads to what only this machine or its cloud should ask. */
export const isMetadataAddress = (address: string): boolean =>
  metadataAddresses.check(address, isIP(address) === 4 ? "ipv4" : "ipv6");

const isMetadataHost = (host: string): boolean =>
  isIP(host) === 0 ? metadataNames.test(host) : isMetadataAddress(host);

/** Why a process must not connect to this URL; null when it may. A host name is not resolved: its addresses may change. */
function problemOf(url: string, schemes: readonly string[]): string | null {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined || !schemes.includes(scheme))
    return `must start with ${schemes.map((one) => `${one}://`).join(" or ")}`;
  // Parsed as http, because then the parser normalises every spelling of an address, 0xa9fea9fe too.
  const asHttp = URL.parse(`http${url.slice(scheme.length)}`);
  if (asHttp === null || !URL.canParse(url)) return "is not a URL";
  const host = asHttp.hostname.replaceAll(/^\[|\]$|\.$/g, "");
  return isMetadataHost(host) ? "is a link-local address or a cloud's metadata service" : null;
}

/** Refines a field that holds a URL to which the process connects. */
export const refuseAddress =
  (schemes: readonly string[]) =>
  (url: string, context: z.RefinementCtx): void => {
    const message = problemOf(url, schemes);
    if (message !== null) context.addIssue({ code: "custom", message });
  };

/** The URL of a server that the process calls over HTTP. */
export const httpUrl = z.string().superRefine(refuseAddress(["http", "https"]));

/** Several URLs, separated by commas. */
export const urlList = (schemes: readonly string[], most: number) =>
  z
    .string()
    .transform((text) => text.split(",").map((url) => url.trim()))
    .pipe(
      z
        .array(z.string().superRefine(refuseAddress(schemes)))
        .min(1)
        .max(most),
    );
