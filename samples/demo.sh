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
repository=$(dirname "$samples")

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

source "$samples/play.sh"

# start_standin starts an API server on loopback with one pod, a Grafana. It
# ends with this script.
start_standin() {
  (cd "$repository" && go build -o "$scratch/bin/standin" ./test/standin)
  mkfifo standin-ends
  standin "$scratch" <standin-ends &
  exec 9>standin-ends
  wait_for kubeconfig
  export KUBECONFIG="$scratch/kubeconfig"
}

# play_dashboard opens a dashboard, fetches its page and presses Ctrl-C.
play_dashboard() {
  printf '\n%s$ meshctl dashboard grafana --browser=false%s\n' "$bold" "$plain"
  set -m # for a process group of its own, as the foreground has; else it ignores Ctrl-C
  meshctl dashboard grafana --browser=false >url 2>said &
  local pid=$! got=0
  set +m
  wait_for url
  cat said url
  if command -v curl >/dev/null; then
    play 3 0 "curl -s $(head -n 1 url)"
  fi
  kill -INT "$pid"
  wait "$pid" || got=$?
  if [ "$got" -ne 0 ]; then
    printf 'demo: the dashboard ended with %d after Ctrl-C:\n' "$got" >&2
    cat said >&2
    exit 1
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

title '3. Analyze: what is wrong in the configuration, where, and what to do'
play 5 0 'meshctl analyze samples/shop'
play 20 3 'meshctl analyze samples/shop-broken'
play 8 0 'meshctl analyze --explain IST0109'
play 6 0 'meshctl manifest generate | meshctl analyze --scope whole samples/shop - && echo the whole mesh is fine'

title '4. Proxies: what an Envoy really does, and what a change did to it'
play 12 0 'meshctl proxy-config cluster --file samples/shop-dumps/frontend.before.json'
play 8 0 'meshctl proxy-config listener --file samples/shop-dumps/frontend.before.json'
play 8 0 'meshctl proxy-config route --file samples/shop-dumps/frontend.before.json --name 8080'
play 8 0 "meshctl proxy-config endpoint --file samples/shop-dumps/frontend.before.json --cluster 'outbound|8080|v1|catalog.shop.svc.cluster.local'"
play 20 0 "meshctl proxy-config trace --file samples/shop-dumps/frontend.after.json --url http://catalog:8080/items --header 'x-shop-preview: true'"
play 12 3 'meshctl proxy-config diff samples/shop-dumps/frontend.before.json samples/shop-dumps/frontend.after.json'

title '5. Dashboards: a forward that stays up, here to a stand-in for a cluster'
play 3 4 'meshctl dashboard grafana'
start_standin
play 5 0 'meshctl dashboard list'
play_dashboard
