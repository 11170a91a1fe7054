# Where the cluster is kept and runs, for the scripts beside this one.
HOME_DIR=${MILLRACE_K8S_HOME:-$HOME/.cache/kubernetes-for-tests}
BIN=$HOME_DIR/bin
RUN=$HOME_DIR/run
BRIDGE=k8s0

# need PROGRAM WHAT-IT-IS
need() {
  command -v "$1" >/dev/null && return
  echo "The test cluster needs $2: there is no '$1' in the PATH." >&2
  exit 1
}
