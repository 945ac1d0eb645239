#!/usr/bin/env bash
# Eclipse Mosquitto as Debian has it, for components/mqtt.
usual_port=1883
. "$(dirname "$0")/common.sh"

install() { packages mosquitto mosquitto-clients; }

program() { PATH=$PATH:/usr/sbin command -v mosquitto; }

version() {
  program >/dev/null || missing mosquitto
  command -v mosquitto_sub >/dev/null || missing mosquitto_sub
  { "$(program)" -h || true; } | sed -n 's/^\(mosquitto\) version \(.*\)/\1 \2/p'
}

# configuration has what protects data:
#   persistence        else sessions and their queues are gone with the process
#   autosave_interval  they are in memory, and written every so many seconds (the default is 1800): what was acknowledged
#                      since is lost when Mosquitto is killed
#   max_queued_*       for a client that is away or slow; the default of 1000 events is dropped from without a word
#   max_inflight_messages 1  the order of events to one client
configuration() {
  cat <<END
listener $port $host
allow_anonymous true
user $(id -un)
persistence true
persistence_location $dir/
autosave_interval 1
max_queued_messages 0
max_queued_bytes 0
max_inflight_messages 1
log_dest stderr
log_type error
log_type warning
log_type notice
log_type information
connection_messages false
END
}

# before_ready makes the session that holds dead letters until somebody takes them (mosquitto_sub -c -q 1 -i
# vcenter-deadletter -t vcenter-deadletter): MQTT forgets what nobody has subscribed to. Only once: another time it would be given
# letters of that session, and acknowledge them.
before_ready() { [ -e "$dir/mosquitto.db" ] || mosquitto_sub -h "$host" -p "$port" -c -q 1 -i vcenter-deadletter -t vcenter-deadletter -E; }

start() {
  configuration >"$dir/mosquitto.conf"
  become " running" "$(program)" -c "$dir/mosquitto.conf"
}

broker_main "$@"
