package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/internal/istiod"
)

// plaintextFlag is for commands that ask istiod.
func (e *env) plaintextFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&e.global.plaintext, "plaintext", false, "ask istiod in plain HTTP (within the port-forward), without a token")
}

// xdsOptions say how istiod is asked where that is not as usual, in the peer's words.
type xdsOptions struct {
	istiod.Access
	labels  string
	certDir string
}

// xdsFlags are for commands that the peer has them for.
func (e *env) xdsFlags(cmd *cobra.Command) {
	fs, o := cmd.Flags(), &e.global.xds
	fs.StringVar(&o.Address, "xds-address", "", "`host:port` of an istiod outside of the cluster, which is asked instead of pods")
	fs.StringVar(&o.labels, "xds-label", "", "`labels` of istiod's pods, such as istio.io/rev=canary (default: app=istiod)")
	fs.IntVar(&o.Port, "xds-port", istiod.SecurePort, "`port` of istiod's pods")
	fs.StringVar(&o.Authority, "authority", "", "`name` that istiod's certificate must have")
	fs.StringVar(&o.certDir, "cert-dir", "", "`folder` with cert-chain.pem, key.pem and root-cert.pem, to prove who asks without a token")
	fs.BoolVar(&o.Insecure, "insecure", false, "take any certificate of istiod")
}

// validate reads the certificates.
func (o *xdsOptions) validate() error {
	if o.Address != "" && o.labels != "" {
		return usagef("--xds-address and --xds-label exclude each other: the one is outside of the cluster, the other chooses pods")
	}
	if o.certDir == "" {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(filepath.Join(o.certDir, "cert-chain.pem"), filepath.Join(o.certDir, "key.pem"))
	if err != nil {
		return usagef("reading the certificate of --cert-dir: %w", err)
	}
	roots, err := os.ReadFile(filepath.Join(o.certDir, "root-cert.pem"))
	if err != nil {
		return usagef("reading the root of --cert-dir: %w", err)
	}
	o.Certificate, o.Roots = &pair, x509.NewCertPool()
	if !o.Roots.AppendCertsFromPEM(roots) {
		return usagef("%s holds no certificate", filepath.Join(o.certDir, "root-cert.pem"))
	}
	return nil
}

// asked tells whether the user wants istiod to be asked in a way of its own, of which there
// is no other way back.
func (o *xdsOptions) asked() bool {
	return o.Address != "" || o.certDir != "" || o.Insecure || o.Authority != ""
}

// control is the control plane, or the istiods of one revision. It is asked over TLS with
// a token, if such a token can be had.
func (e *env) control(ctx context.Context, revision string) (*istiod.Control, error) {
	xds := &e.global.xds
	if err := xds.validate(); err != nil {
		return nil, err
	}
	cluster, err := e.cluster()
	if err != nil {
		return nil, err
	}
	control := istiod.New(cluster, e.global.istioNamespace, revisionSelector(revision))
	if xds.labels != "" {
		control = istiod.NewLabelled(cluster, e.global.istioNamespace, xds.labels)
	}
	if e.global.plaintext && xds.asked() {
		return nil, usagef("--plaintext asks pods without TLS; leave out the flags about istiod's certificate and address")
	}
	if e.global.plaintext || cluster.IsReplay() {
		return control, nil
	}
	err = control.SecureAs(ctx, cluster, xds.Access)
	if err != nil && xds.asked() {
		return nil, err
	}
	if err != nil && ctx.Err() == nil {
		fmt.Fprintln(e.err, "note: istiod is asked without TLS (--plaintext asks so from the start):", err)
	}
	return control, nil
}
