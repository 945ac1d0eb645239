#!/usr/bin/env bash
# Apache Kafka, one node that is broker and controller (KRaft), from the jars on Maven Central, for components/kafka.
usual_port=9092
. "$(dirname "$0")/common.sh"

kafka=$(sed -n 's/.*<kafka.version>\(.*\)<.*/\1/p' "$here/kafka/pom.xml")
libs=$root/bin/kafka-$kafka

install() {
  command -v java >/dev/null && command -v mvn >/dev/null || packages default-jre-headless maven
  rm -rf "$libs.part"
  mvn -q -B -f "$here/kafka/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$libs.part" >&2
  rm -rf "$libs" # whole or not at all
  mv "$libs.part" "$libs"
}

version() {
  command -v java >/dev/null || missing "Java 17"
  [ -d "$libs" ] || missing "Kafka $kafka in bin"
  echo "kafka $kafka"
}

# configuration: one node, so everything has one copy. Topics are made with four partitions when they are first used;
# the order of events is that of their partition. Kafka answers when the kernel has an event: a killed Kafka loses
# nothing, a machine that loses power may, where there is but one copy.
configuration() {
  cat <<END
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@$host:$controller
listeners=PLAINTEXT://$host:$port,CONTROLLER://$host:$controller
advertised.listeners=PLAINTEXT://$host:$port
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs=$dir/log
auto.create.topics.enable=true
num.partitions=4
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=1000
log.retention.hours=720
END
}

run_java() { java -cp "$libs/*" "${flags[@]}" "$@"; }

start() {
  controller=$(free_port)
  configuration >"$dir/server.properties"
  flags=(-Xms64m -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.awt.headless=true
    "-Dlog4j2.configurationFile=$here/kafka/log4j2.properties")
  if [ ! -e "$dir/log/meta.properties" ]; then
    run_java kafka.tools.StorageTool format -t "$(run_java kafka.tools.StorageTool random-uuid)" -c "$dir/server.properties" >&2
  fi
  become "Kafka Server started" java -cp "$libs/*" "${flags[@]}" kafka.Kafka "$dir/server.properties"
}

broker_main "$@"
