#!/bin/bash
# Ends what up.sh started, by the process numbers that it noted: containers, mounts, iptables rules and the bridge go, settings
# of the kernel are as before. With --wipe everything that the cluster kept goes as well, but what build.sh made.
cd "$(dirname "$0")"
. ./environment.sh
BR=$BRIDGE
cd "$RUN" 2>/dev/null || exit 0
# a number may be another program's by now
ours() { tr '\0' ' ' </proc/$1/cmdline 2>/dev/null | grep -q "$HOME_DIR/"; }
stop() { [ -f pid/$1 ] || return; p=$(cat pid/$1); ours $p || { rm -f pid/$1; return; }; kill ${2:--TERM} $p 2>/dev/null; for i in $(seq 50); do kill -0 $p 2>/dev/null || break; sleep 0.1; done; kill -9 $p 2>/dev/null; rm -f pid/$1; }
for n in kubelet coredns; do stop $n; done
if [ -S containerd.sock ] && [ -f pid/containerd ]; then
  C="ctr -a $RUN/containerd.sock -n k8s.io"
  for t in $($C tasks ls -q 2>/dev/null); do $C tasks kill -s SIGKILL $t 2>/dev/null; done; sleep 1
  for t in $($C containers ls -q 2>/dev/null); do $C tasks rm -f $t 2>/dev/null; $C containers rm $t 2>/dev/null; done >/dev/null
fi
[ -f pid/kube-proxy ] && { stop kube-proxy; $BIN/kube-proxy --cleanup >/dev/null 2>&1; }
stop containerd
for n in kube-scheduler kube-controller-manager kube-apiserver etcd; do stop $n; done
grep " $RUN/" /proc/mounts | awk '{print $2}' | sort -r | xargs -r umount -l 2>/dev/null
for ns in $(ls /var/run/netns 2>/dev/null | grep ^cni-); do ip netns del $ns; done
for t in nat filter mangle; do for ipt in iptables ip6tables; do   # canary/firewall chains made by kubelet and kube-proxy
  $ipt-save -t $t 2>/dev/null | grep -E '^-A .*-j KUBE-' | sed 's/^-A/-D/' | while read -r l; do eval $ipt -t $t "$l"; done
  for c in $($ipt-save -t $t 2>/dev/null | grep -oE '^:KUBE-[A-Z0-9-]+' | tr -d :); do $ipt -t $t -F $c; done
  for c in $($ipt-save -t $t 2>/dev/null | grep -oE '^:KUBE-[A-Z0-9-]+' | tr -d :); do $ipt -t $t -X $c; done
done; done 2>/dev/null
for d in -i -o; do iptables -D FORWARD $d $BR -j ACCEPT 2>/dev/null; done
for v in $(ip -o link show master $BR 2>/dev/null | awk -F'[ :@]+' '{print $2}'); do ip link del $v; done
ip link del $BR 2>/dev/null
for c in /sys/fs/cgroup/*/kubepods; do [ -d $c ] && find $c -depth -type d -exec rmdir {} \; 2>/dev/null; done
[ -f sysctl.saved ] && while read k v; do echo $v >/proc/sys/$k; done <sysctl.saved; rm -f sysctl.saved
[ "$1" = --wipe ] && [ -f created ] && while read -r d; do rm -rf "$d"; done <created
[ "$1" = --wipe ] && cd / && rm -rf $RUN
true
