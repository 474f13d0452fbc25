#!/bin/sh
# Brings Temporal's tables to what this version of its server needs, from nothing or from an older version. It runs in the
# image of Temporal's admin tools before the server starts; tables that are current are left as they are.
set -eu

SQL_PASSWORD=$(cat /run/secrets/temporal_password)
export SQL_PASSWORD

for name in temporal visibility; do
    database=temporal
    test "$name" = temporal || database=temporal_visibility
    # The databases are there: databases.sh made them, and their owner may make no others.
    tool="temporal-sql-tool --plugin postgres12 --ep $POSTGRES_SEEDS -p $DB_PORT -u $POSTGRES_USER --db $database"
    $tool setup-schema -v 0.0
    $tool update-schema -d "/etc/temporal/schema/postgresql/v12/$name/versioned"
done
