#!/bin/sh
# Starts Temporal's server with the password of its database from a file: its configuration takes it from a variable only,
# and a variable of the container can be read by everybody who may look at the container.
set -eu

POSTGRES_PWD=$(cat /run/secrets/temporal_password)
export POSTGRES_PWD
exec /etc/temporal/entrypoint.sh
