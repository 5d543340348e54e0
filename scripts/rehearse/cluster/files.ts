import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { cgroup, network, nodeName, type Places } from "../places.ts";

/** The configuration files of the node's programs. YAML is a superset of JSON. */
export function writeClusterFiles(places: Places): void {
  const { run, pki, bin, packages } = places;
  const files: Readonly<Record<string, string | object>> = {
    "containerd.toml": containerdConfig(places),
    "cni.d/10-bridge.conflist": {
      cniVersion: "0.4.0",
      name: "rehearsal",
      plugins: [
        {
          type: "bridge",
          bridge: "cni0",
          isGateway: true,
          hairpinMode: true,
          ipMasq: false,
          ipam: {
            type: "host-local",
            dataDir: join(run, "ipam"),
            ranges: [[{ subnet: network.pods }]],
            routes: [{ dst: "0.0.0.0/0" }],
          },
        },
      ],
    },
    "kubelet.yaml": kubeletConfig(places),
    "proxy.yaml": {
      apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
      kind: "KubeProxyConfiguration",
      clientConnection: { kubeconfig: join(pki, "proxy.kubeconfig") },
      bindAddress: network.node,
      healthzBindAddress: "127.0.0.1:10256",
      metricsBindAddress: "127.0.0.1:10249",
      clusterCIDR: network.pods,
      hostnameOverride: nodeName,
      mode: "iptables",
      iptables: { minSyncPeriod: "100ms", masqueradeAll: true },
      conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
    },
    Corefile: `.:53 {
  bind ${network.node}
  errors
  ready 127.0.0.1:8181
  kubernetes cluster.local in-addr.arpa {
    kubeconfig ${join(pki, "admin.kubeconfig")}
    ttl 5
  }
  cache 5
}
`,
    "resolv.conf": "",
    cluster: [
      `RUN=${run}`,
      `BIN=${bin}`,
      `PKI=${pki}`,
      `IMAGES=${places.images}`,
      `CNI=${join(packages, "usr/lib/cni")}`,
      `NODE_IP=${network.node}`,
      `NODE_NAME=${nodeName}`,
      `PODS=${network.pods}`,
      `SERVICES=${network.services}`,
      `CGROUP=${cgroup}`,
      "",
    ].join("\n"),
  };
  for (const [name, content] of Object.entries(files)) {
    const file = join(run, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content, null, 2));
  }
}

const containerdConfig = ({ run, packages }: Places): string => `version = 2
root = "${run}/containerd/root"
state = "${run}/containerd/state"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.internal.v1.tracing"]
[grpc]
  address = "${run}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "topdog.local/pause:1"
  # Lowering the score needs a right that a container's root does not have.
  restrict_oom_score_adj = true
  enable_unprivileged_ports = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        BinaryName = "${packages}/usr/sbin/runc"
        SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${packages}/usr/lib/cni"
    conf_dir = "${run}/cni.d"
`;

const kubeletConfig = ({ run, pki }: Places): object => ({
  apiVersion: "kubelet.config.k8s.io/v1beta1",
  kind: "KubeletConfiguration",
  address: network.node,
  authentication: {
    anonymous: { enabled: false },
    webhook: { enabled: true },
    x509: { clientCAFile: join(pki, "ca.crt") },
  },
  authorization: { mode: "Webhook" },
  cgroupDriver: "cgroupfs",
  cgroupRoot: `/${cgroup}`,
  failCgroupV1: false,
  failSwapOn: false,
  clusterDNS: [network.node],
  clusterDomain: "cluster.local",
  containerRuntimeEndpoint: `unix://${join(run, "containerd.sock")}`,
  enforceNodeAllocatable: ["pods"],
  evictionHard: { "memory.available": "200Mi", "nodefs.available": "1%", "imagefs.available": "1%" },
  imageGCHighThresholdPercent: 100,
  imageGCLowThresholdPercent: 99,
  maxPods: 100,
  podLogsDir: join(run, "pods-log"),
  resolvConf: join(run, "resolv.conf"),
  rotateCertificates: false,
  serializeImagePulls: false,
  seccompDefault: true,
  syncFrequency: "10s",
  volumePluginDir: join(run, "volumeplugins"),
});
