#!/usr/bin/env bash
# moto, which answers as AWS does (EventBridge with patterns, SQS, SNS, S3), for components/aws-eventbridge, aws-snssqs and
# s3-archive. It takes any credentials. It keeps everything in memory: --dir holds nothing, and a second start is empty.
usual_port=5000
. "$(dirname "$0")/common.sh"

release=5.2.5
environment=$root/bin/moto-$release

install() {
  python3 -c 'import ensurepip, venv' 2>/dev/null || packages python3-venv
  rm -rf "$environment" && # whole or not at all
    python3 -m venv "$environment" >&2 &&
    { "$environment/bin/pip" install --quiet --disable-pip-version-check "moto[server]==$release" >&2 || { rm -rf "$environment" && false; }; }
}

version() {
  [ -x "$environment/bin/moto_server" ] || missing "moto $release in bin"
  echo "moto $release"
}

start() { become "Running on http" "$environment/bin/moto_server" -H "$host" -p "$port"; }

broker_main "$@"
