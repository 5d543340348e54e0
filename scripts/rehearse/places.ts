import { homedir } from "node:os";
import { join } from "node:path";

/** Where the rehearsal keeps what it needs. Nothing of it is in the repository. */
export interface Places {
  /** Tools that outlive a run. */
  readonly cache: string;
  readonly bin: string;
  /** Debian packages, unpacked and not installed. */
  readonly packages: string;
  readonly images: string;
  /** Of one run: configuration, logs, the state of the cluster. */
  readonly run: string;
  readonly logs: string;
  readonly pki: string;
}

export function placesOf(cacheHome: string | undefined): Places {
  const cache = join(cacheHome ?? join(homedir(), ".cache"), "topdog-rehearsal");
  const run = join(cache, "run");
  return {
    cache,
    bin: join(cache, "bin"),
    packages: join(cache, "packages"),
    images: join(run, "images"),
    run,
    logs: join(run, "logs"),
    pki: join(run, "pki"),
  };
}

/** The cluster's own addresses, inside its own network namespace. */
export const network = {
  node: "10.41.0.1",
  pods: "10.42.0.0/24",
  services: "10.43.0.0/16",
  apiService: "10.43.0.1",
} as const;
export const nodeName = "rehearsal-node";
export const cgroup = "topdog-rehearsal";

/** The environment in which the tools of the cache are found. */
export function toolEnvironment({ bin, packages, pki }: Places): NodeJS.ProcessEnv {
  const libraries = join(packages, "usr/lib", `${process.arch === "x64" ? "x86_64" : "aarch64"}-linux-gnu`);
  return {
    ...process.env,
    PATH: [bin, join(packages, "usr/bin"), join(packages, "usr/sbin"), process.env["PATH"] ?? ""].join(":"),
    LD_LIBRARY_PATH: libraries,
    XTABLES_LIBDIR: join(libraries, "xtables"),
    KUBECONFIG: join(pki, "admin.kubeconfig"),
  };
}
