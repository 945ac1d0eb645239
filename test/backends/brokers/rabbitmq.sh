#!/usr/bin/env bash
# RabbitMQ as Debian has it, with the exchanges, queues and policy of components/rabbitmq/definitions.json.
usual_port=5672
. "$(dirname "$0")/common.sh"

programs=/usr/lib/rabbitmq/bin

install() { packages rabbitmq-server; }

version() {
  [ -x $programs/rabbitmq-server ] || missing rabbitmq-server
  local found=(/usr/lib/rabbitmq/lib/rabbitmq_server-*)
  echo "rabbitmq ${found[-1]##*-}"
}

# configuration loads the definitions of the backend's folder, or others (VCRELAY_RABBITMQ_DEFINITIONS). RabbitMQ then does not make its usual user, so that one is
# added to them; it may come from loopback only.
configuration() {
  mkdir -p "$dir/home"
  {
    cat <<END
{
  "vhosts": [{"name": "/"}],
  "users": [{"name": "guest", "password": "guest", "tags": "administrator", "limits": {}}],
  "permissions": [{"user": "guest", "vhost": "/", "configure": ".*", "write": ".*", "read": ".*"}],
END
    sed '1s/^{//' "${VCRELAY_RABBITMQ_DEFINITIONS:-$root/components/rabbitmq/definitions.json}"
  } >"$dir/definitions.json"
  cat >"$dir/rabbitmq.conf" <<END
load_definitions = $dir/definitions.json
loopback_users.guest = true
log.console = true
log.console.level = warning
log.file = false
END
}

# settings keep it apart from any other RabbitMQ of the machine: a node needs the port of its own daemon for names (epmd).
settings() {
  export HOME=$dir/home
  export RABBITMQ_NODENAME=vcrelay@localhost RABBITMQ_NODE_IP_ADDRESS=$host RABBITMQ_NODE_PORT=$port
  export RABBITMQ_DIST_PORT=$(free_port) ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_PORT=$(free_port)
  export RABBITMQ_CONF_ENV_FILE=/dev/null RABBITMQ_CONFIG_FILE=$dir/rabbitmq.conf RABBITMQ_ADVANCED_CONFIG_FILE=$dir/none.config
  export RABBITMQ_MNESIA_BASE=$dir/data RABBITMQ_LOG_BASE=$dir/log RABBITMQ_LOGS=- RABBITMQ_SCHEMA_DIR=$dir/schema
  export RABBITMQ_ENABLED_PLUGINS_FILE=$dir/enabled_plugins RABBITMQ_GENERATED_CONFIG_DIR=$dir/generated
  export RUNNING_UNDER_SYSTEMD=true # become the server, without a shell around it
}

# names is that daemon. RabbitMQ would leave one behind; this one ends with the broker, which holds the other end of its pipe.
names() {
  trap '' TERM INT
  epmd -address "$ERL_EPMD_ADDRESS" -port "$ERL_EPMD_PORT" &
  cat >/dev/null
  kill -KILL $!
}

start() {
  configuration
  settings
  exec 4> >(names >&2)
  become "completed with" "$programs/rabbitmq-server"
}

broker_main "$@"
