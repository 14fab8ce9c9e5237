package envoy

import (
	"strings"
	"time"

	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/proto"
)

// secrets are those that a proxy gets from the agent beside it.
type secrets struct {
	byName  map[string]*tlsv3.Secret
	since   time.Time
	version string
}

func newSecrets(all []*tlsv3.Secret) secrets {
	now := time.Now()
	s := secrets{byName: map[string]*tlsv3.Secret{}, since: now, version: now.Format(time.RFC3339Nano)}
	for _, secret := range all {
		s.byName[secret.GetName()] = secret
	}
	return s
}

// find returns a secret, nil if there is none. An agent also reads files that a
// configuration names in its pod; here each holds the mesh's root.
func (s secrets) find(name string) *tlsv3.Secret {
	if secret := s.byName[name]; secret != nil {
		return secret
	}
	root := s.byName[rootSecret]
	if root == nil || !strings.HasPrefix(name, "file-root:") {
		return nil
	}
	file := proto.CloneOf(root)
	file.Name = name
	return file
}

// The names under which an agent has the workload's own certificate and the root
// that it trusts.
const (
	ownSecret  = "default"
	rootSecret = "ROOTCA"
)
