#!/bin/bash
# The cluster's authority, its certificates, and a kubeconfig for each of its users. usage: pki.sh FOLDER NODE_IP API_IP NODE_NAME
set -euo pipefail
mkdir -p "$1"; cd "$1"; node_ip=$2; api_ip=$3; node_name=$4
key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }
certificate() { # name subject names
  key "$1"
  openssl req -new -key "$1.key" -subj "$2" -out "$1.csr"
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 7 -out "$1.crt" 2>/dev/null \
    -extfile <(printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\nkeyUsage=digitalSignature\n' "$3")
}
key ca
openssl req -x509 -new -key ca.key -subj "/CN=topdog-rehearsal" -days 7 -out ca.crt
certificate apiserver "/CN=kube-apiserver" "DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:localhost,IP:127.0.0.1,IP:$node_ip,IP:$api_ip"
certificate admin "/O=system:masters/CN=admin" "DNS:admin"
certificate kubelet "/O=system:nodes/CN=system:node:$node_name" "DNS:$node_name,IP:$node_ip"
certificate proxy "/CN=system:kube-proxy" "DNS:proxy"
key sa
openssl ec -in sa.key -pubout -out sa.pub 2>/dev/null
for user in admin kubelet proxy; do
  cat >"$user.kubeconfig" <<K
apiVersion: v1
kind: Config
current-context: rehearsal
contexts: [{ name: rehearsal, context: { cluster: rehearsal, user: $user } }]
clusters: [{ name: rehearsal, cluster: { server: "https://127.0.0.1:6443", certificate-authority: "$PWD/ca.crt" } }]
users: [{ name: $user, user: { client-certificate: "$PWD/$user.crt", client-key: "$PWD/$user.key" } }]
K
done
