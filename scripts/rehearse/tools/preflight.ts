import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

const commands: Readonly<Record<string, string>> = {
  "apt-get": "a Debian or Ubuntu, whose packages bring containerd, runc, iptables and Prometheus",
  dpkg: "a Debian or Ubuntu",
  go: "Go, which builds Kubernetes and Argo Rollouts from their modules",
  openssl: "openssl, which makes the cluster's certificates",
  unshare: "util-linux, which gives the cluster namespaces of its own",
  nsenter: "util-linux",
  ip: "iproute2, which makes the node's network",
  tar: "tar",
};
const leastGo = [1, 26] as const;

/** What this machine lacks for a rehearsal, in words; empty when it can have one. */
export function missingForRehearsal(): string[] {
  if (process.platform !== "linux")
    return [`Linux: namespaces and control groups are its own (this is ${process.platform})`];
  const missing: string[] = [];
  if (process.getuid?.() !== 0)
    missing.push("root: a kubelet mounts, makes networks and starts containers (sudo npm run rehearse)");
  for (const [command, why] of Object.entries(commands)) if (!isThere(command)) missing.push(`${command}: ${why}`);
  if (!existsSync("/sys/fs/cgroup")) missing.push("control groups mounted at /sys/fs/cgroup");
  if (!readFileSync("/proc/filesystems", "utf8").includes("overlay")) missing.push("overlayfs in the kernel");
  if (isThere("go") && !isNewEnough(goVersion()))
    missing.push(`Go ${leastGo.join(".")} or newer (this is ${goVersion()})`);
  return missing;
}

const isThere = (command: string): boolean =>
  spawnSync("sh", ["-c", `command -v ${command}`], { stdio: "ignore" }).status === 0;

const goVersion = (): string => spawnSync("go", ["env", "GOVERSION"], { encoding: "utf8" }).stdout.trim();

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = (/go(\d+)\.(\d+)/.exec(version) ?? []).slice(1).map(Number);
  return major > leastGo[0] || (major === leastGo[0] && minor >= leastGo[1]);
}
