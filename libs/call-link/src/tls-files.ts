import { readFileSync } from "node:fs";
import { z } from "zod";

/** The configuration of TLS on links, at both ends. */
export const linkTlsFields = {
  LINK_TLS_CA_FILE: z
    .string()
    .optional()
    .describe("PEM file of the authority that signed the other side's certificate, for links over TLS"),
  LINK_TLS_CERT_FILE: z.string().optional().describe("PEM file of this process's certificate, for links over TLS"),
  LINK_TLS_KEY_FILE: z.string().optional().describe("PEM file of that certificate's key"),
};
type LinkTlsConfig = z.infer<z.ZodObject<typeof linkTlsFields>>;

export interface LinkTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Reads the files that are named. Throws when one cannot be read. */
export function readLinkTls(config: LinkTlsConfig): LinkTls {
  const read = (file: string | undefined): string | undefined =>
    file === undefined ? undefined : readFileSync(file, "utf8");
  const [ca, cert, key] = [config.LINK_TLS_CA_FILE, config.LINK_TLS_CERT_FILE, config.LINK_TLS_KEY_FILE].map(read);
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}
