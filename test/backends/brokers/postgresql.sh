#!/usr/bin/env bash
# PostgreSQL as Debian has it, with user and database vcrelay, for the state store of components/postgres.
usual_port=5432
. "$(dirname "$0")/common.sh"

install() { packages postgresql; }

# programs is the folder of the newest version: Debian's is not in PATH.
programs() {
  local found
  found=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
  [ -n "$found" ] || found=$(dirname "$(command -v initdb || true)")
  [ -x "$found/postgres" ] && echo "$found"
}

version() {
  bin=$(programs) || missing postgresql
  "$bin/postgres" --version | sed 's/^postgres (PostgreSQL) \([^ ]*\).*/postgresql \1/'
}

# as_owner becomes a command as somebody who is not root, whom PostgreSQL refuses. The folders above the data may be closed to that
# one: it keeps the right to pass them.
as_owner() {
  local to=() user=postgres
  if [ "$(id -u)" -eq 0 ]; then
    id "$user" >/dev/null 2>&1 || user=nobody
    chown -R "$user" "$dir/data"
    to=(setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups --inh-caps +dac_override --ambient-caps +dac_override --pdeathsig keep)
  fi
  cd /
  exec "${to[@]}" env -i "PATH=$PATH" LC_ALL=C HOME=/nonexistent "$1" -D "$dir/data" "${@:2}"
}

# before_ready makes the database, which is called like its user.
before_ready() {
  local ask=("$bin/psql" -h "$host" -p "$port" -U vcrelay -d postgres -XqAt -c)
  [ -n "$("${ask[@]}" "SELECT 1 FROM pg_database WHERE datname = 'vcrelay'")" ] || "${ask[@]}" "CREATE DATABASE vcrelay"
}

# What is acknowledged is on disk (fsync and synchronous_commit are on by default).
start() {
  bin=$(programs)
  mkdir -p "$dir/data"
  chmod 700 "$dir/data"
  if [ ! -e "$dir/data/PG_VERSION" ]; then
    (as_owner "$bin/initdb" -U vcrelay -A trust -E UTF8 --locale=C --no-instructions) >&2
  fi
  become "database system is ready to accept connections" as_owner "$bin/postgres" \
    -p "$port" -c "listen_addresses=$host" -c unix_socket_directories=
}

broker_main "$@"
