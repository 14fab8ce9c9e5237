package install

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// saidBefore is the log of every container.
type saidBefore string

func (s saidBefore) LastLines(_ context.Context, _, _, _ string, lines int) (string, error) {
	all := strings.Split(strings.TrimSpace(string(s)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n"), nil
}

// Each reason for which a control plane does not get ready is told in words
// that say what to do about it.
func TestWhyAWorkloadIsNotReady(t *testing.T) {
	const pod = `---
apiVersion: v1
kind: Pod
metadata: {name: istiod-1, namespace: istio-system, labels: {app: istiod}}
status: `
	const event = `---
apiVersion: v1
kind: Event
metadata: {name: %s, namespace: istio-system}
type: %s
reason: %s
message: '%s'
lastTimestamp: "2026-01-01T00:00:%sZ"
involvedObject: {kind: Pod, name: %s}
`
	tests := []struct{ name, status, more, want string }{
		{"the image cannot be pulled", "", pod + `{containerStatuses: [{name: discovery, state: {waiting: {reason: ImagePullBackOff, message: 'Back-off pulling image "docker.io/istio/pilot:nosuch": not found'}}}]}`,
			`pod istiod-1: container discovery: ImagePullBackOff: Back-off pulling image "docker.io/istio/pilot:nosuch": not found`},
		{"it crashes", "", pod + `{containerStatuses: [{name: discovery, state: {waiting: {reason: CrashLoopBackOff, message: 'back-off 10s restarting failed container'}}, lastState: {terminated: {exitCode: 255}}}]}`,
			"container discovery: CrashLoopBackOff: back-off 10s restarting failed container (exit code 255), last lines:\n    3\n    4\n    5\n    6\n    fatal: no CA"},
		{"it has crashed a moment ago", "", pod + `{containerStatuses: [{name: discovery, state: {terminated: {exitCode: 1, reason: Error}}}]}`,
			"container discovery: Error (exit code 1), last lines:"},
		{"a quota", `{conditions: [{type: ReplicaFailure, status: "True", message: 'pods "istiod-1" is forbidden: exceeded quota: small, requested: requests.cpu=500m, used: requests.cpu=0, limited: requests.cpu=100m'}]}`, "",
			"exceeded quota: small"},
		{"a webhook refuses", `{conditions: [{type: ReplicaFailure, status: "True", message: 'Internal error occurred: failed calling webhook "v.example.com": no endpoints available for service "policy"'}]}`, "",
			`failed calling webhook "v.example.com": no endpoints`},
		{"no node fits", "", pod + `{conditions: [{type: PodScheduled, status: "False", message: '0/3 nodes are available: 3 Insufficient cpu.'}]}`,
			"pod istiod-1: not scheduled: 0/3 nodes are available: 3 Insufficient cpu."},
		{"a volume", "", pod + `{containerStatuses: [{name: discovery, state: {waiting: {reason: ContainerCreating}}}]}` + "\n" +
			fmt.Sprintf(event, "old", "Warning", "FailedMount", "something older", "01", "istiod-1") +
			fmt.Sprintf(event, "new", "Warning", "FailedMount", `MountVolume.SetUp failed for volume "cacerts": secret "cacerts" not found`, "02", "istiod-1") +
			fmt.Sprintf(event, "fine", "Normal", "Pulled", "all is well", "03", "istiod-1") +
			fmt.Sprintf(event, "other", "Warning", "BackOff", "of another pod", "04", "web-1"),
			`pod istiod-1: FailedMount: MountVolume.SetUp failed for volume "cacerts": secret "cacerts" not found`},
		{"a failing probe", "", pod + `{conditions: [{type: Ready, status: "False", message: 'containers with unready status: [discovery]'}], containerStatuses: [{name: discovery, state: {running: {}}}]}` + "\n" +
			fmt.Sprintf(event, "probe", "Warning", "Unhealthy", "Readiness probe failed: connection refused", "01", "istiod-1"),
			"pod istiod-1: containers with unready status: [discovery]; Unhealthy: Readiness probe failed: connection refused"},
		{"no pod is made", "", strings.Replace(fmt.Sprintf(event, "quota", "Warning", "FailedCreate", "exceeded quota: small", "01", "istiod"), "kind: Pod", "kind: DaemonSet", 1),
			"FailedCreate: exceeded quota: small"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			status := test.status
			if status == "" {
				status = "{}"
			}
			cluster := clusterWith(t, "{apiVersion: apps/v1, kind: Deployment, metadata: {name: istiod, namespace: istio-system}, spec: {selector: {matchLabels: {app: istiod}}}, status: "+status+"}\n"+test.more)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			defer cancel()
			r := &runner{cluster: cluster, options: RunOptions{Logs: saidBefore("1\n2\n3\n4\n5\n6\nfatal: no CA\n")}}
			step := Step{ObjectChange: ObjectChange{Action: Change, APIVersion: "apps/v1", Kind: "Deployment", Namespace: "istio-system", Name: "istiod"}}
			err := r.await(ctx, []Step{step})
			if err == nil {
				t.Fatal("it is ready")
			}
			t.Log(err)
			if !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "Deployment istio-system/istiod: ") {
				t.Errorf("got %v\nwant %s", err, test.want)
			}
		})
	}
}
