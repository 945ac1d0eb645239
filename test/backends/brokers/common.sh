# What the scripts of the brokers share; each one sources this. They keep one contract, that of tools/broker:
#
#   <broker>.sh [--listen 127.0.0.1:PORT] [--dir DIR]   run the broker in the foreground, its data in DIR
#   <broker>.sh --install                               install what it needs (Debian, as root; else from a registry)
#   <broker>.sh --version                               print name and version
#
# It prints `ready <address>` on standard output when it can be used, everything else on standard error. It listens on
# loopback only. The process of the script becomes the broker, so that SIGTERM ends it well and SIGKILL of its process
# group ends it at once. A second start with the same DIR has the data. Exit code 3: something is not installed.

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
name=$(basename "$0" .sh)

# missing says what is not there, and how to get it.
missing() {
  echo "$name: no $1: install it with test/backends/brokers/$name.sh --install" >&2
  exit 3
}

# packages installs packages of Debian, without starting what they bring.
packages() {
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "$name: install the packages $* as root (on Debian: apt-get install $*)" >&2
    exit 3
  fi
  local policy=/usr/sbin/policy-rc.d
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod +x $policy
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  apt-get update -q >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$@" >&2
}

# broker_main reads the arguments and calls one of the script's functions: install, version, start. For start it sets
# listen, host, port and dir, which exists.
broker_main() {
  listen=127.0.0.1:$usual_port
  dir=.vcrelay/$name
  while [ $# -gt 0 ]; do
    case "$1" in
    --install | --version)
      "${1#--}"
      exit
      ;;
    --listen) listen=${2:?--listen needs an address} ;;
    --dir) dir=${2:?--dir needs a folder} ;;
    *)
      echo "$name: unknown argument $1: give --listen, --dir, --install or --version" >&2
      exit 2
      ;;
    esac
    shift 2
  done
  host=${listen%:*} port=${listen##*:}
  case "$host" in
  127.*) ;;
  *)
    echo "$name: --listen $listen: it has no password, so it listens on loopback only; give 127.0.0.1:PORT" >&2
    exit 2
    ;;
  esac
  version >/dev/null
  mkdir -p "$dir"
  dir=$(cd "$dir" && pwd)
  local _
  for _ in {1..30}; do # one that was killed a moment ago may have children that end just now
    taken "$port" || break
    sleep 0.1
  done
  if taken "$port"; then
    echo "$name: another process listens on $listen; give another with --listen" >&2
    exit 1
  fi
  start
}

# taken tells whether somebody listens on the port.
taken() { (exec 4<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# free_port finds a port for what the broker has besides the one that is given. Stacks, tests and systems choose from
# other ranges.
free_port() {
  local candidate
  while :; do
    candidate=$((30000 + RANDOM % 2700))
    taken "$candidate" || break
  done
  echo "$candidate"
}

# become turns this process into the command, a program or a function that ends in exec. When it logs a line with the
# text, it is ready.
become() {
  local text=$1
  shift
  exec 3>&1
  exec > >(watch "$text") 2>&1 3>&-
  if [ "$(type -t "$1")" = function ]; then "$@"; else exec "$@"; fi
}

# before_ready is for a script that has something to set up in a broker that runs.
before_ready() { :; }

# watch outlives SIGTERM, so that the broker can log while it ends.
watch() {
  trap '' TERM INT
  local line
  while IFS= read -r line; do
    printf '%s\n' "$line" >&2
    if [[ $line == *"$1"* ]]; then
      before_ready >&2
      echo "ready $listen" >&3
    fi
  done
}
