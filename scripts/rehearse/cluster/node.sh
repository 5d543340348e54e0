#!/bin/bash
# One node of a cluster, as process 1 of its own mount, network and process namespaces: when it ends, all of it is gone.
# usage: node.sh RUN_FOLDER, where files.ts wrote the configuration
set -euo pipefail
. "$1/cluster"
exec 2>>"$RUN/logs/node.log"
log() { printf '%s %s\n' "$(date +%T.%3N)" "$*" >>"$RUN/logs/timeline"; }
until_done() {
  for _ in $(seq 600); do "$@" >/dev/null 2>&1 && return 0; sleep 0.1; done
  log "gave up waiting for: $*"; return 1
}
daemon() { local name=$1; shift; "$@" >"$RUN/logs/$name.log" 2>&1 & }

mount --make-rprivate /
mount -t proc proc /proc
mkdir -p /run/containerd /var/log/containers "$RUN"/{containerd,kubelet,pods-log,ipam,volumeplugins,etcd}
for folder in /run/containerd /var/log/containers "$RUN/etcd" "$RUN/containerd"; do mount -t tmpfs tmpfs "$folder"; done
mount --make-rshared /
ip link set lo up
ip link add node0 type veth peer name node1
ip addr add "$NODE_IP/24" dev node0
ip link set node0 up
ip link set node1 up
ip route add default dev node0
sysctl -qw net.ipv4.ip_forward=1
sysctl -qw net.bridge.bridge-nf-call-iptables=1 || true
for controller in /sys/fs/cgroup/*/; do mkdir -p "$controller/$CGROUP" 2>/dev/null || true; done
if [ -d "/sys/fs/cgroup/cpuset/$CGROUP" ]; then
  for file in cpus mems; do cat "/sys/fs/cgroup/cpuset/cpuset.$file" >"/sys/fs/cgroup/cpuset/$CGROUP/cpuset.$file"; done
fi
# All pods together would weigh as much as one thread of a daemon or of Helm: here as on a node whose daemons have a group of their own.
if [ -d "/sys/fs/cgroup/cpu/$CGROUP" ]; then echo 8192 >"/sys/fs/cgroup/cpu/$CGROUP/cpu.shares"; fi

daemon containerd containerd --config "$RUN/containerd.toml"
daemon etcd etcd --data-dir "$RUN/etcd/data" --unsafe-no-fsync --listen-client-urls http://127.0.0.1:2379 \
  --advertise-client-urls http://127.0.0.1:2379 --listen-peer-urls http://127.0.0.1:2380 --log-level warn
daemon apiserver kube apiserver --etcd-servers=http://127.0.0.1:2379 --advertise-address="$NODE_IP" --secure-port=6443 \
  --service-cluster-ip-range="$SERVICES" --tls-cert-file="$PKI/apiserver.crt" --tls-private-key-file="$PKI/apiserver.key" \
  --client-ca-file="$PKI/ca.crt" --service-account-issuer=https://kubernetes.default.svc \
  --service-account-key-file="$PKI/sa.pub" --service-account-signing-key-file="$PKI/sa.key" \
  --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction \
  --kubelet-client-certificate="$PKI/admin.crt" --kubelet-client-key="$PKI/admin.key" \
  --kubelet-preferred-address-types=InternalIP --cert-dir="$RUN/apiserver" --profiling=false
until_done ctr -a "$RUN/containerd.sock" version
log "containerd answers"
for image in "$IMAGES"/*.tar; do ctr -a "$RUN/containerd.sock" -n k8s.io images import "$image" >>"$RUN/logs/images.log" 2>&1; done
log "images are loaded"
until_done kubectl get --raw /readyz
log "the API server is ready"
config="--kubeconfig=$PKI/admin.kubeconfig --authentication-kubeconfig=$PKI/admin.kubeconfig --authorization-kubeconfig=$PKI/admin.kubeconfig --bind-address=127.0.0.1 --leader-elect=false"

daemon controller-manager kube controller-manager $config --service-account-private-key-file="$PKI/sa.key" \
  --root-ca-file="$PKI/ca.crt" --allocate-node-cidrs=true --cluster-cidr="$PODS" --node-cidr-mask-size=24

daemon scheduler kube scheduler $config
daemon kubelet kube kubelet --config="$RUN/kubelet.yaml" --kubeconfig="$PKI/kubelet.kubeconfig" --root-dir="$RUN/kubelet" \
  --cert-dir="$RUN/kubelet/pki" --hostname-override="$NODE_NAME" --node-ip="$NODE_IP"
daemon proxy kube proxy --config="$RUN/proxy.yaml"
daemon dns dns -conf "$RUN/Corefile"
until_done kubectl wait --for=condition=Ready "node/$NODE_NAME" --timeout=60s
log "the node is ready"
until_done kubectl get serviceaccount default -n default
touch "$RUN/ready"
# Whoever started this holds the other end of the input: when it is gone, however it went, this ends too.
read -r _ || true
