#!/bin/sh
# Makes the namespace, keeps its closed runs for as long as TIDEGATE_RETENTION says, and registers what rollouts are found
# by. It runs in the image of Temporal's admin tools at every start, and does only what is lacking.
set -eu

namespace=${TEMPORAL_NAMESPACE:-default}
retention=${TIDEGATE_RETENTION:-400d}
address=${TEMPORAL_ADDRESS:-127.0.0.1:7233}

ask() {
    temporal "$@" --address "$address" --command-timeout 10s
}

# Something new may take a moment until every part of the server knows of it.
patiently() {
    left=${TIDEGATE_TRIES:-30}
    until "$@"; do
        left=$((left - 1))
        test "$left" -gt 0 || { echo "given up: $*" >&2; return 1; }
        sleep 2
    done
}

patiently ask operator cluster health

make() {
    if ask operator namespace describe --namespace "$namespace" >/dev/null 2>&1; then
        ask operator namespace update --namespace "$namespace" --retention "$retention"
    else
        ask operator namespace create --namespace "$namespace" --retention "$retention"
    fi
}
patiently make

# One at a time: of several names the command registers the first. One that is there is left as it is.
register() {
    ask operator search-attribute create --namespace "$namespace" --type "$1" --name "$2"
}
while read -r type names; do
    for name in $names; do
        patiently register "$type" "$name"
    done
done <<ATTRIBUTES
Keyword RolloutStage RolloutWave RolloutPhase RolloutControl RolloutUnit
KeywordList RolloutAwaits RolloutModels RolloutVendors
Datetime RolloutDeadline
Int RolloutServed
ATTRIBUTES
