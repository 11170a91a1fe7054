#!/bin/bash
# Builds the programs of a small real Kubernetes from Go modules, and lays Debian's etcd and CNI plugins beside them.
# What is there already is not built again.
#   build.sh       what a node needs
#   build.sh api   the control plane only
set -euo pipefail
cd "$(dirname "$0")"
HERE=$PWD
. ./environment.sh
need go 'Go 1.24 or newer'
mkdir -p "$HOME_DIR"/{bin,root,img,debs}
VERSION=v1.33.13
P=k8s.io/component-base/version
export GOFLAGS="-p=2 -buildvcs=false" CGO_ENABLED=0
FLAGS="-s -w -X $P.gitVersion=$VERSION -X $P.gitMajor=1 -X $P.gitMinor=33 -X $P.gitTreeState=clean"
FLAGS="$FLAGS -X $P.gitCommit=0000000000000000000000000000000000000000 -X $P.buildDate=2026-01-01T00:00:00Z"

daemons="kube-apiserver kube-controller-manager kube-scheduler"
[ "${1:-node}" = api ] || daemons="$daemons kubelet kube-proxy"
for daemon in $daemons; do
  [ -x "$BIN/$daemon" ] && continue
  echo "Building $daemon $VERSION, which takes minutes …"
  go build -trimpath -ldflags "$FLAGS" -o "$BIN/$daemon" "k8s.io/kubernetes/cmd/$daemon"
done

if [ "${1:-node}" != api ]; then
  [ -x "$BIN/coredns" ] || (cd "$HERE/coredns" && echo 'Building coredns …' && go build -trimpath -ldflags "-s -w" -o "$BIN/coredns" .)
  [ -x "$BIN/pause" ] || { need cc 'a C compiler (apt-get install gcc libc6-dev)'; cc -Os -static -s -o "$BIN/pause" pause.c; }
fi

if [ ! -x "$BIN/etcd" ]; then
  need apt-get 'Debian or Ubuntu'
  cd "$HOME_DIR/debs"
  download() { apt-get download -q etcd-server containernetworking-plugins; }
  download || { apt-get update -q && download; } # where no lists of packages are yet
  for deb in *.deb; do dpkg-deb -x "$deb" "$HOME_DIR/root"; done
  cp "$HOME_DIR/root/usr/bin/etcd" "$BIN/etcd"
fi
