import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { fetchHelm } from "../../charts/helm-binary.ts";
import type { Places } from "../places.ts";

const run = promisify(execFile);
const daemons = join(import.meta.dirname, "../daemons");
const kubernetesVersion = "1.34.5";
const argoVersion = "1.10.1";
const buildTimeoutMs = 3_600_000;
const packageNames = [
  "busybox-static",
  "containerd",
  "containernetworking-plugins",
  "iptables",
  "libip4tc2",
  "libip6tc2",
  "libmnl0",
  "libnetfilter-conntrack3",
  "libnfnetlink0",
  "libnftnl11",
  "libxtables12",
  "prometheus",
  "runc",
];
const firewallTools = [
  "iptables",
  "iptables-save",
  "iptables-restore",
  "ip6tables",
  "ip6tables-save",
  "ip6tables-restore",
];

/** Fetches and builds what is missing of the tools, each once for its version. */
export async function ensureTools(places: Places, log: (line: string) => void): Promise<void> {
  mkdirSync(places.bin, { recursive: true });
  await Promise.all([
    once(places, "daemons", sourcesOf(daemons), () => buildDaemons(places), log),
    once(places, "packages", packageNames.join(), () => unpackPackages(places), log),
    fetchHelm(places.bin, log),
  ]);
}

/** Does the work unless the stamp says that it was done for this same input. */
async function once(
  { cache }: Places,
  name: string,
  input: string,
  work: () => Promise<void>,
  log: (line: string) => void,
): Promise<void> {
  const stamp = join(cache, `${name}.stamp`);
  const wanted = createHash("sha256").update(input).digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  log(`getting the tools: ${name}`);
  await work();
  writeFileSync(stamp, wanted);
}

/** Signed by the release that this machine's own package manager trusts; unpacked beside it, never installed. */
async function unpackPackages({ cache, packages, bin }: Places): Promise<void> {
  const folder = mkdtempSync(join(cache, "debs-"));
  try {
    await run("apt-get", ["download", ...packageNames], { cwd: folder });
    rmSync(packages, { recursive: true, force: true });
    mkdirSync(packages, { recursive: true });
    for (const file of readdirSync(folder)) await run("dpkg", ["-x", join(folder, file), packages]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  for (const tool of firewallTools) {
    rmSync(join(bin, tool), { force: true });
    symlinkSync(join(packages, "usr/sbin/xtables-nft-multi"), join(bin, tool));
  }
}

function sourcesOf(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"))
    .toSorted()
    .join("");
}

/** The compiler collects its garbage less often: a ninth less of the processor's time, for memory, of which each may take this much. */
const compilerMemory = { GOGC: "400", GOMEMLIMIT: "3GiB" };

/** The checksums of go.sum pin all that is built. No debug information: it would double the time. */
async function buildDaemons({ cache, bin }: Places): Promise<void> {
  const version = "k8s.io/component-base/version";
  const [major, minor] = kubernetesVersion.split(".");
  const stamps = [`gitVersion=v${kubernetesVersion}`, `gitMajor=${major}`, `gitMinor=${minor}`, "gitTreeState=clean"];
  const ldflags = ["-s", "-w", ...stamps.flatMap((stamp) => ["-X", `${version}.${stamp}`])].join(" ");
  const programs = [
    "./cmd/kube",
    "./cmd/dns",
    "./cmd/etcd",
    "./cmd/pause",
    "github.com/argoproj/argo-rollouts/cmd/rollouts-controller",
  ];
  await run("go", ["build", "-gcflags=all=-dwarf=false", "-ldflags", ldflags, "-o", `${bin}/`, ...programs], {
    cwd: daemons,
    timeout: buildTimeoutMs,
    maxBuffer: 16 * 1024 * 1024,
    env: {
      ...compilerMemory,
      ...process.env,
      CGO_ENABLED: "0",
      GOFLAGS: "-mod=readonly -trimpath -buildvcs=false",
      GOWORK: "off",
    },
  });
  const modules = execFileSync("go", ["env", "GOMODCACHE"], { encoding: "utf8" }).trim();
  const crds = join(modules, `github.com/argoproj/argo-rollouts@v${argoVersion}/manifests/crds`);
  rmSync(join(cache, "crds"), { recursive: true, force: true });
  for (const file of readdirSync(crds).filter((name) => name.endsWith("-crd.yaml")))
    cpSync(join(crds, file), join(cache, "crds", file));
}
