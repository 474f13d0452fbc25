#!/bin/sh
# Makes the roles and the databases of a new PostgreSQL: two for Temporal, one for the ledger, each with an owner who may
# do nothing else. The image of PostgreSQL runs it once, when its volume is new, before it lets anybody in.
set -eu

secrets=${SECRETS:-/run/secrets}
for name in temporal ledger; do
    test -s "$secrets/${name}_password" || { echo "$secrets/${name}_password: there is no password in it" >&2; exit 1; }
done

say() {
    psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname=postgres
}

# psql reads the password from its file, so that no list of processes shows it.
role() {
    say <<SQL
\\set word \`cat '$secrets/$2_password'\`
CREATE ROLE $1 LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'word';
SQL
}

database() {
    say <<SQL
CREATE DATABASE $1 OWNER $2 TEMPLATE template0 ENCODING 'UTF8';
REVOKE ALL ON DATABASE $1 FROM PUBLIC;
SQL
}

role temporal temporal
role tidegate ledger
database temporal temporal
database temporal_visibility temporal
database tidegate tidegate
