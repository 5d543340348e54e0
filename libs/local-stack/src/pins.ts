/** Versions and checksums of what is run beside our packages. The packages' own are in pnpm-workspace.yaml. */
export const natsServerPin = {
  version: "2.14.5",
  /** Older servers accept what we declare and silently do not do it. */
  leastVersion: "2.12.0",
  /** Of the Linux release archives, by Go's name of the architecture. */
  archiveSha256: {
    amd64: "5e3b603d47c447bda1f77f9ac16dbf91c90aac4ff3681f8fbbc7201e4ed99355",
    arm64: "673a98d3faa79dde3f9ebf16d6dfac36a5f694e7ad2015e4954dd7939c85cd4c",
  },
  goModule: "github.com/nats-io/nats-server/v2",
  goModuleSum: "h1:M6yeo/Xb7khi97RSEVELof3DForDqmYza3P4tHCPFWw=",
} as const;

/** For machines without local engines. */
export const containerImages = { postgres: "postgres:18-alpine", nats: "nats:2.15-alpine" } as const;
