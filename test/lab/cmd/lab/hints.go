package main

import (
	"os/exec"
	"strings"
)

// hints are what to try on a lab.
func hints(kubeconfig string) string {
	apply, wait := ".lab/lab apply", ".lab/lab wait shop shop-ingress"
	if _, err := exec.LookPath("kubectl"); err == nil {
		apply, wait = "kubectl apply --server-side -f", "kubectl -n shop wait --for=condition=Available deploy --all"
	}
	return strings.NewReplacer("KUBECONFIG_PATH", kubeconfig, "APPLY", apply, "WAIT", wait).Replace(hintsText)
}

const hintsText = `
The lab is ready. In another terminal, in this folder:

  export KUBECONFIG=KUBECONFIG_PATH

  bin/meshctl install -y     # a real istiod starts, a gateway follows
  bin/meshctl version

  APPLY samples/shop/namespaces.yaml
  bin/meshctl inject -f samples/shop | APPLY -
  WAIT

  bin/meshctl proxy-status
  bin/meshctl proxy-config routes deploy/frontend -n shop
  bin/meshctl analyze -A

Logs of all components are beside the kubeconfig. Ctrl-C stops everything.
`
