#!/usr/bin/env bash
# Plays meshctl's story on a lab: a mesh is installed, workloads get their
# proxies, a change is followed to the proxies, a dashboard outlives its pod and
# the API server goes away.
#
#   lab up -- test/lab/demo.sh bin/meshctl path/to/lab
#
# KUBECONFIG has to lead to a lab. Everything is real but the nodes and Envoy.
set -euo pipefail

binary=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
lab=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
repository=$(cd "$(dirname "$0")/../.." && pwd)

scratch=$(mktemp -d)
ended() {
  kill $(jobs -p) 2>/dev/null || true
  rm -rf "$scratch"
}
trap ended EXIT
mkdir "$scratch/bin"
ln -s "$binary" "$scratch/bin/meshctl"
ln -s "$lab" "$scratch/bin/lab"
ln -s "$repository/samples" "$scratch/samples"
cd "$scratch"
while IFS='=' read -r name _; do
  case $name in MESHCTL_*) unset "$name" ;; esac
done < <(env)
export PATH="$scratch/bin:$PATH" XDG_CONFIG_HOME="$scratch"
source "$repository/samples/play.sh"

title '1. Install: a real istiod, a gateway, and what they are'
play 12 0 'meshctl install --yes'
play 5 0 'meshctl version'
play 5 0 'meshctl install --yes'

title '2. Inject: the shop with its proxies'
play 6 0 'meshctl inject -f samples/shop > shop.yaml'
play 5 0 'lab apply samples/shop/namespaces.yaml shop.yaml && lab wait shop shop-ingress'
play 5 0 'meshctl version'

title '3. Analyze: the running mesh'
play 8 0 'meshctl analyze -n shop'

title '4. Proxies: what they have, and what a change did to them'
play 8 0 'meshctl proxy-config cluster deploy/frontend -n shop'
play 8 0 'meshctl proxy-config route deploy/frontend -n shop --name 8080'
play 3 0 'meshctl proxy-config all deploy/frontend -n shop -o json > before.json'
play 3 0 "sed 's/weight: [19]0/weight: 50/' samples/shop/routing.yaml | lab apply -"
until meshctl proxy-config route deploy/frontend -n shop -o json | grep -q '"weight": 50'; do
  sleep 0.2 # istiod collects changes for a moment and pushes them
done
play 3 0 'meshctl proxy-config all deploy/frontend -n shop -o json > after.json'
play 12 3 'meshctl proxy-config diff before.json after.json'

title '5. Dashboards: one that outlives its pod'
# grafana MESSAGE replaces the pod of a stand-in for Grafana: one that shows MESSAGE.
grafana() {
  lab page "$1" >port &
  wait_for port
  cat >grafana.yaml <<YAML
apiVersion: v1
kind: Pod
metadata: {name: grafana-$2, namespace: default, labels: {app.kubernetes.io/name: grafana}}
spec: {containers: [{name: grafana, image: grafana, ports: [{containerPort: 3000}]}]}
---
apiVersion: kwok.x-k8s.io/v1alpha1
kind: PortForward
metadata: {name: grafana-$2, namespace: default}
spec: {forwards: [{ports: [3000], target: {address: 127.0.0.1, port: $(cat port)}}]}
YAML
  rm port
  lab apply grafana.yaml
  lab wait default
}

# page URL MESSAGE waits until a page shows a message.
page() {
  local tries=0
  until lab fetch "$1" 2>/dev/null | grep -F "$2"; do
    tries=$((tries + 1))
    if [ "$tries" -gt 60 ]; then
      printf 'demo: %s does not show: %s\n' "$1" "$2" >&2
      exit 1
    fi
    sleep 0.5
  done
}

grafana 'This is the first Grafana.' 1
printf '\n%s$ meshctl dashboard grafana --browser=false%s\n' "$bold" "$plain"
set -m # for a process group of its own, as the foreground has; else it ignores Ctrl-C
meshctl dashboard grafana --namespace default --port 0 --browser=false >url 2>said &
dashboard=$!
set +m
wait_for url
cat url
page "$(cat url)" 'This is the first Grafana.'
printf '%s(its pod is deleted; another one comes)%s\n' "$dim" "$plain"
lab delete grafana.yaml
grafana 'This is the second Grafana.' 2
page "$(cat url)" 'This is the second Grafana.'
kill -INT "$dashboard"
wait "$dashboard"
cat said

title '6. The API server goes away'
api=$(cat "$(dirname "$KUBECONFIG")/pids/kube-apiserver")
kill -STOP -- "-$api"
play 3 4 'meshctl version --timeout 3s'
kill -CONT -- "-$api"
play 3 0 'meshctl version'

title '7. Uninstall: nothing is left'
play 3 1 'meshctl uninstall --purge --yes'
play 3 0 'lab delete samples/shop/namespaces.yaml'
play 5 0 'meshctl uninstall --purge --yes'
