#!/usr/bin/env bash
# Redis as Debian has it, for pub/sub and state (components/redis).
usual_port=6379
. "$(dirname "$0")/common.sh"

install() { packages redis-server; }

version() {
  command -v redis-server >/dev/null || missing redis-server
  redis-server --version | sed 's/^Redis server v=\([^ ]*\).*/redis \1/'
}

# Without an append-only file, all that was acknowledged is gone when Redis is killed. With `everysec` it is with the
# kernel before it is acknowledged: a killed Redis loses nothing, a power cut the last second (`always` would not; each
# write then waits for the disk). noeviction: a full Redis refuses events, it does not drop others for them.
start() {
  become "Ready to accept connections" redis-server --bind "$host" --port "$port" --dir "$dir" \
    --appendonly yes --appendfsync everysec --save '' --maxmemory-policy noeviction --daemonize no --loglevel notice
}

broker_main "$@"
