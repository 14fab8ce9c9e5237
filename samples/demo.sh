#!/usr/bin/env bash
# Plays meshctl's five jobs on the samples, without a cluster.
#
#   samples/demo.sh bin/meshctl
#
# Prints each command as a user would type it and what it answers, shortened,
# and fails as soon as an exit code is not the one that it should be.
set -euo pipefail

binary=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
samples=$(cd "$(dirname "$0")" && pwd)

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/bin"
ln -s "$binary" "$scratch/bin/meshctl"
ln -s "$samples" "$scratch/samples"
cd "$scratch"

# Nobody's own settings and clusters take part.
while IFS='=' read -r name _; do
  case $name in MESHCTL_*) unset "$name" ;; esac
done < <(env)
export PATH="$scratch/bin:$PATH" XDG_CONFIG_HOME="$scratch" KUBECONFIG="$scratch/no-kubeconfig"

bold='' dim='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
  bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'
fi

title() {
  printf '\n%s%s%s\n' "$bold" "$1" "$plain"
}

# play LINES CODE COMMAND shows a command line and the first lines of its
# answer, and expects an exit code.
play() {
  local lines=$1 want=$2 command=$3 got=0
  printf '\n%s$ %s%s\n' "$bold" "$command" "$plain"
  bash -o pipefail -c "$command" >answer 2>&1 || got=$?
  head -n "$lines" answer
  local all
  all=$(wc -l <answer)
  if [ "$all" -gt "$lines" ]; then
    printf '%s... and %d more lines%s\n' "$dim" $((all - lines)) "$plain"
  fi
  if [ "$got" -ne "$want" ]; then
    printf 'demo: exit code %d, expected %d; the whole answer:\n' "$got" "$want" >&2
    cat answer >&2
    exit 1
  fi
  if [ "$got" -ne 0 ]; then
    printf '%s(exit code %d)%s\n' "$dim" "$got" "$plain"
  fi
}

title '1. Install: the manifests of a mesh, from a profile and a few settings'
play 12 0 'meshctl manifest generate --set meshConfig.accessLogFile=/dev/stdout -o name | grep -v CustomResource'
play 8 0 'meshctl manifest images --profile ambient'
play 8 3 'meshctl profile diff default ambient'
play 5 2 'meshctl manifest generate --set meshConfig.acessLogFile=/dev/stdout'

title '2. Inject: the proxy into the workloads of a stream, everything else untouched'
play 8 0 'meshctl inject -f samples/shop > shop.yaml'
play 4 3 'meshctl inject -f samples/shop --check'
play 4 0 'meshctl inject -f shop.yaml --check && echo nothing to inject'
play 12 0 'meshctl inject -f samples/shop/orders.yaml --explain'

title '4. Proxies: what an Envoy really does, from two dumps of the frontend'
play 12 0 'meshctl proxy-config cluster --file samples/shop-dumps/frontend.before.json'
play 12 0 'meshctl proxy-config route --file samples/shop-dumps/frontend.before.json --name 8080'
play 12 0 'meshctl proxy-config listener --file samples/shop-dumps/frontend.before.json'
play 12 0 "meshctl proxy-config endpoint --file samples/shop-dumps/frontend.before.json --cluster 'outbound|8080|v2|catalog.shop.svc.cluster.local'"
