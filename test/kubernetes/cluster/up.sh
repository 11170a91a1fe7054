#!/bin/bash
# Starts a Kubernetes of one node from plain binaries, as build.sh made them, and prints the path of its kubeconfig.
#   up.sh       etcd, API server, controllers, scheduler, containerd, kubelet, kube-proxy, CoreDNS: real pods
#   up.sh api   without a node
# The API is at https://10.244.0.1:6443, on the bridge k8s0 of this machine, which pods share: one cluster a machine.
set -euo pipefail
cd "$(dirname "$0")"
HERE=$PWD
. ./environment.sh
MODE=${1:-node} # not from the environment: test runners set a MODE
[ "$(id -u)" = 0 ] || { echo 'The test cluster needs root: containers, a bridge and iptables rules are made.' >&2; exit 1; }
for p in containerd ctr runc; do need $p "containerd and runc (apt-get install docker.io)"; done
need iptables 'iptables (apt-get install iptables)'; need ip 'ip (apt-get install iproute2)'; need openssl 'openssl (apt-get install openssl)'
need bc 'bc (apt-get install bc)'; need curl 'curl (apt-get install curl)'; need kubectl 'kubectl 1.32 or newer'
for p in etcd kube-apiserver; do [ -x "$BIN/$p" ] || { echo "There is no $BIN/$p yet: run build.sh first." >&2; exit 1; }; done
[ -e "$RUN/pid/etcd" ] && kill -0 "$(cat "$RUN/pid/etcd")" 2>/dev/null && { echo "A cluster of $RUN runs already: MILLRACE_KUBECONFIG=$RUN/admin.kubeconfig uses it, down.sh --wipe ends it." >&2; exit 1; }
trap '[ $? = 0 ] || "$HERE/down.sh"' EXIT   # the logs stay
POD_CIDR=10.244.0.0/24; GW=10.244.0.1; SVC_CIDR=10.96.0.0/16; SVC_IP=10.96.0.1; NODE=node1; BR=$BRIDGE
CNI_BIN=$HOME_DIR/root/usr/lib/cni; PORT=6443
# the node's address is the address of the pod bridge (kubelet refuses loopback); api mode needs no bridge
[ "$MODE" = node ] && IP=$GW || IP=127.0.0.1
mkdir -p $RUN/pki $RUN/log $RUN/pid; exec 3>&1 1>&2
cd $RUN
start() { # start NAME cmd...
  local n=$1; shift
  nice -n ${NICE:-5} setsid "$@" >log/$n.log 2>&1 </dev/null 3>&- & echo $! >pid/$n; }
waitfor() { local w=$1 i; shift; for i in $(seq 1 600); do "$@" >/dev/null 2>&1 && return 0; sleep 0.2; done; echo "$w did not answer within two minutes; its log is in $RUN/log." >&2; exit 1; }
t0=$(date +%s.%N); lap() { printf '%6.1fs %s\n' $(echo "$(date +%s.%N)-$t0" | bc) "$*"; }

# fixed paths that kubelet/libcni/kcm create: note those absent now, so down.sh --wipe removes only ours
[ -f created ] || for d in /etc/cni /var/lib/cni /var/lib/kubelet /var/log/containers /tmp/hostpath_pv; do [ -e $d ] || echo $d; done >created
if [ "$MODE" = node ]; then
  # host settings we touch (restored by down.sh)
  [ -f sysctl.saved ] || for k in vm/overcommit_memory kernel/panic kernel/panic_on_oops net/ipv4/ip_forward net/bridge/bridge-nf-call-iptables net/netfilter/nf_conntrack_max net/ipv4/conf/all/route_localnet; do
    [ -e /proc/sys/$k ] && echo "$k $(cat /proc/sys/$k)"; done >sysctl.saved
  ip link show $BR >/dev/null 2>&1 || { ip link add $BR type bridge; }
  ip addr replace $GW/24 dev $BR; ip link set $BR up
  echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables
  for d in -i -o; do iptables -C FORWARD $d $BR -j ACCEPT 2>/dev/null || iptables -I FORWARD $d $BR -j ACCEPT; done
fi

# ---- certificates
if [ ! -f pki/ca.crt ]; then (
  cd pki
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt -days 3650 -subj /CN=k8s-ca 2>/dev/null
  cert() { # name subject san eku
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $1.key -subj "$2" -out $1.csr 2>/dev/null
    openssl x509 -req -in $1.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 3650 -out $1.crt -extfile <(printf 'extendedKeyUsage=%s\n%s\n' "$4" "${3:+subjectAltName=$3}") 2>/dev/null; }
  SAN="DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local,DNS:$NODE,IP:127.0.0.1,IP:$GW,IP:$SVC_IP"
  cert apiserver /CN=kube-apiserver "$SAN" serverAuth
  cert kubelet-server /CN=$NODE "$SAN" serverAuth
  cert admin /O=system:masters/CN=admin "" clientAuth
  cert kcm /CN=system:kube-controller-manager "" clientAuth
  cert scheduler /CN=system:kube-scheduler "" clientAuth
  cert kubelet /O=system:nodes/CN=system:node:$NODE "" clientAuth
  cert proxy /CN=system:kube-proxy "" clientAuth
  cert front-proxy /CN=front-proxy-client "" clientAuth
  cert apiserver-kubelet /O=system:masters/CN=apiserver-kubelet "" clientAuth
  openssl ecparam -genkey -name prime256v1 -noout -out sa.key 2>/dev/null; openssl ec -in sa.key -pubout -out sa.pub 2>/dev/null
); fi
b64() { base64 -w0 "$1"; }
for u in admin kcm scheduler kubelet proxy; do cat >$u.kubeconfig <<Y
apiVersion: v1
kind: Config
clusters: [{name: k8s, cluster: {server: "https://$IP:$PORT", certificate-authority-data: $(b64 pki/ca.crt)}}]
users: [{name: $u, user: {client-certificate-data: $(b64 pki/$u.crt), client-key-data: $(b64 pki/$u.key)}}]
contexts: [{name: k8s, context: {cluster: k8s, user: $u}}]
current-context: k8s
Y
chmod 600 $u.kubeconfig; done
export KUBECONFIG=$RUN/admin.kubeconfig; K="kubectl --kubeconfig $KUBECONFIG"
lap certificates

# ---- control plane
start etcd $BIN/etcd --data-dir $RUN/etcd --listen-client-urls http://127.0.0.1:23790 --advertise-client-urls http://127.0.0.1:23790 \
  --listen-peer-urls http://127.0.0.1:23800 --initial-advertise-peer-urls http://127.0.0.1:23800 --initial-cluster default=http://127.0.0.1:23800 --unsafe-no-fsync
waitfor etcd curl -sf http://127.0.0.1:23790/health; lap etcd
start kube-apiserver $BIN/kube-apiserver --etcd-servers=http://127.0.0.1:23790 --bind-address=$IP --advertise-address=$GW --secure-port=$PORT \
  --service-cluster-ip-range=$SVC_CIDR --service-node-port-range=30000-32767 --authorization-mode=Node,RBAC --anonymous-auth=false --allow-privileged=true \
  --tls-cert-file=pki/apiserver.crt --tls-private-key-file=pki/apiserver.key --client-ca-file=pki/ca.crt \
  --service-account-issuer=https://kubernetes.default.svc --service-account-signing-key-file=pki/sa.key --service-account-key-file=pki/sa.pub \
  --kubelet-client-certificate=pki/apiserver-kubelet.crt --kubelet-client-key=pki/apiserver-kubelet.key --kubelet-certificate-authority=pki/ca.crt \
  --kubelet-preferred-address-types=InternalIP \
  --requestheader-client-ca-file=pki/ca.crt --requestheader-allowed-names=front-proxy-client --requestheader-username-headers=X-Remote-User \
  --requestheader-group-headers=X-Remote-Group --requestheader-extra-headers-prefix=X-Remote-Extra- --proxy-client-cert-file=pki/front-proxy.crt --proxy-client-key-file=pki/front-proxy.key \
  --enable-aggregator-routing=true --endpoint-reconciler-type=$([ $MODE = node ] && echo lease || echo none) --v=1
waitfor apiserver $K get --raw /readyz; lap apiserver
start kube-controller-manager $BIN/kube-controller-manager --kubeconfig=kcm.kubeconfig --authentication-kubeconfig=kcm.kubeconfig --authorization-kubeconfig=kcm.kubeconfig --bind-address=127.0.0.1 \
  --leader-elect=false --use-service-account-credentials=true --service-account-private-key-file=pki/sa.key --root-ca-file=pki/ca.crt \
  --cluster-signing-cert-file=pki/ca.crt --cluster-signing-key-file=pki/ca.key --service-cluster-ip-range=$SVC_CIDR \
  --enable-hostpath-provisioner=true --horizontal-pod-autoscaler-sync-period=5s --horizontal-pod-autoscaler-downscale-stabilization=${HPA_DOWN:-30s} --v=1
start kube-scheduler $BIN/kube-scheduler --kubeconfig=scheduler.kubeconfig --authentication-kubeconfig=scheduler.kubeconfig --authorization-kubeconfig=scheduler.kubeconfig --bind-address=127.0.0.1 --leader-elect=false --v=1
waitfor kcm curl -skf https://127.0.0.1:10257/healthz; waitfor sched curl -skf https://127.0.0.1:10259/healthz; lap controller-manager+scheduler
$K apply -f - <<'Y'
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: standard, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}
provisioner: kubernetes.io/host-path
reclaimPolicy: Delete
Y
waitfor default-serviceaccount $K -n default get sa default

if [ "$MODE" = node ]; then
  mkdir -p cni $RUN/containerd $RUN/kubelet
  cat >cni/10-k8s.conflist <<Y
{"cniVersion":"0.4.0","name":"k8s","plugins":[
 {"type":"bridge","bridge":"$BR","isGateway":true,"hairpinMode":true,"ipMasq":false,"ipam":{"type":"host-local","dataDir":"$RUN/cni-ipam","ranges":[[{"subnet":"$POD_CIDR","rangeStart":"10.244.0.10","gateway":"$GW"}]],"routes":[{"dst":"0.0.0.0/0"}]}},
 {"type":"portmap","capabilities":{"portMappings":true}}]}
Y
  cat >containerd.toml <<Y
version = 2
root = "$RUN/containerd/root"
state = "$RUN/containerd/state"
[grpc]
  address = "$RUN/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "docker.io/local/pause:1"
  # where CAP_SYS_RESOURCE is missing: without this runc dies ("can't get final child's PID from pipe: EOF") on oom_score_adj -998
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "$CNI_BIN"
    conf_dir = "$RUN/cni"
[plugins."io.containerd.internal.v1.opt"]
  path = "$RUN/containerd/opt"
Y
  start containerd /usr/bin/containerd --config $RUN/containerd.toml
  CTR="ctr -a $RUN/containerd.sock -n k8s.io"; waitfor containerd $CTR version
  for i in "$HOME_DIR"/img/*.tar; do $CTR images import $i >/dev/null; done; lap "containerd + images"
  cat >kubelet.yaml <<Y
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $GW
port: 10250
healthzBindAddress: 127.0.0.1
healthzPort: 10248
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $RUN/pki/ca.crt}}
authorization: {mode: Webhook}
tlsCertFile: $RUN/pki/kubelet-server.crt
tlsPrivateKeyFile: $RUN/pki/kubelet-server.key
containerRuntimeEndpoint: unix://$RUN/containerd.sock
cgroupDriver: cgroupfs
cgroupRoot: /
failSwapOn: false
clusterDomain: cluster.local
clusterDNS: [$GW]
resolvConf: ""
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
evictionHard: {memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1%, nodefs.inodesFree: 1%}
nodeStatusUpdateFrequency: 5s
podLogsDir: $RUN/podlogs
volumePluginDir: $RUN/kubelet/plugins-exec
maxPods: 110
Y
  start kubelet $BIN/kubelet --config=kubelet.yaml --kubeconfig=kubelet.kubeconfig --root-dir=$RUN/kubelet --cert-dir=$RUN/kubelet/pki --hostname-override=$NODE --node-ip=$GW --v=2
  cat >proxy.yaml <<Y
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
bindAddress: 0.0.0.0
healthzBindAddress: 127.0.0.1:10256
metricsBindAddress: 127.0.0.1:10249
clientConnection: {kubeconfig: $RUN/proxy.kubeconfig}
hostnameOverride: $NODE
clusterCIDR: $POD_CIDR
mode: iptables
iptables: {minSyncPeriod: 200ms, syncPeriod: 30s}
conntrack: {maxPerCore: 0}
nodePortAddresses: [127.0.0.0/8, 10.244.0.0/24]
Y
  start kube-proxy $BIN/kube-proxy --config=proxy.yaml
  cat >Corefile <<Y
cluster.local:53 in-addr.arpa:53 {
  bind $GW
  errors
  ready 127.0.0.1:8181
  kubernetes cluster.local in-addr.arpa { 
    kubeconfig $RUN/admin.kubeconfig k8s
    pods insecure
    ttl 5
  }
}
Y
  [ -x $BIN/coredns ] && start coredns $BIN/coredns -conf Corefile
  waitfor node $K get node $NODE; $K wait --for=condition=Ready node/$NODE --timeout=120s; lap "node Ready"
fi
echo $RUN/admin.kubeconfig >&3
