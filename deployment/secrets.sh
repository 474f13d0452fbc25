#!/bin/sh
# Makes the passwords that docker-compose.yml names, each in a file of its own under secrets/; what is there is kept.
#
#   sh deployment/secrets.sh
#
# Only you can enter the directory. The files in it can be read by whoever is handed one: a container's user is not you.
set -eu
cd "$(dirname "$0")/.."

umask 077
mkdir -p secrets
chmod 700 secrets
for name in postgres temporal ledger; do
    file=secrets/${name}_password
    if ! test -s "$file"; then
        # Letters and digits only: Temporal writes it between quotes into its configuration.
        LC_ALL=C tr -dc 'A-Za-z0-9' </dev/urandom | head -c 40 >"$file.new"
        chmod 444 "$file.new"
        mv "$file.new" "$file"
        echo "made $file"
    fi
done
