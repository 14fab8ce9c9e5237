package envoy

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"time"

	adminv3 "github.com/envoyproxy/go-control-plane/envoy/admin/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// state is LIVE once the configuration is complete.
func (p *Proxy) state() adminv3.ServerInfo_State {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.store.complete() {
		return adminv3.ServerInfo_LIVE
	}
	return adminv3.ServerInfo_INITIALIZING
}

func (p *Proxy) serveServerInfo(w http.ResponseWriter, _ *http.Request) {
	uptime := durationpb.New(time.Since(p.started).Truncate(time.Second))
	writeProto(w, &adminv3.ServerInfo{
		Version: "simulated/" + Version + "/Clean/RELEASE/BoringSSL",
		State:   p.state(), UptimeCurrentEpoch: uptime, UptimeAllEpochs: uptime,
		HotRestartVersion:  "11.104",
		CommandLineOptions: &adminv3.CommandLineOptions{Concurrency: 2, ConfigPath: "etc/istio/proxy/envoy-rev.json", LogLevel: "warning", ComponentLogLevel: "misc:error"},
		Node:               p.config.Bootstrap.GetNode(),
	})
}

func (p *Proxy) serveReady(w http.ResponseWriter, _ *http.Request) {
	state := p.state()
	if state != adminv3.ServerInfo_LIVE {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	fmt.Fprintln(w, state)
}

func (p *Proxy) serveHealth(w http.ResponseWriter, _ *http.Request) {
	if p.state() != adminv3.ServerInfo_LIVE {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

func (p *Proxy) serveMemory(w http.ResponseWriter, _ *http.Request) {
	writeProto(w, &adminv3.Memory{Allocated: 31457280, HeapSize: 41943040, PageheapUnmapped: 4194304, PageheapFree: 1048576, TotalThreadCache: 5242880, TotalPhysicalBytes: 47185920})
}

func (p *Proxy) serveRuntime(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintln(w, `{"layers": ["global config", "admin"], "entries": {}}`)
}

// serveCerts serves /certs: the proxy's own chain and the root it trusts.
func (p *Proxy) serveCerts(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	entry := &adminv3.Certificate{}
	for _, name := range p.store.kinds[SecretType].order {
		r := p.store.kinds[SecretType].resources[name]
		secret, ok := r.message.(*tlsv3.Secret)
		if !ok {
			continue
		}
		entry.CaCert = append(entry.CaCert, details(secret.GetValidationContext().GetTrustedCa().GetInlineBytes())...)
		entry.CertChain = append(entry.CertChain, details(secret.GetTlsCertificate().GetCertificateChain().GetInlineBytes())...)
	}
	all := &adminv3.Certificates{}
	if len(entry.GetCaCert())+len(entry.GetCertChain()) > 0 {
		all.Certificates = append(all.Certificates, entry)
	}
	writeProto(w, all)
}

// details describes the first certificate of a chain.
func details(chain []byte) []*adminv3.CertificateDetails {
	block, _ := pem.Decode(chain)
	if block == nil {
		return nil
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil
	}
	d := &adminv3.CertificateDetails{
		Path: "<inline>", SerialNumber: fmt.Sprintf("%x", c.SerialNumber),
		DaysUntilExpiration: uint64(max(0, time.Until(c.NotAfter).Hours()/24)),
		ValidFrom:           timestamppb.New(c.NotBefore), ExpirationTime: timestamppb.New(c.NotAfter),
	}
	for _, uri := range c.URIs {
		d.SubjectAltNames = append(d.SubjectAltNames, &adminv3.SubjectAlternateName{Name: &adminv3.SubjectAlternateName_Uri{Uri: uri.String()}})
	}
	for _, name := range c.DNSNames {
		d.SubjectAltNames = append(d.SubjectAltNames, &adminv3.SubjectAlternateName{Name: &adminv3.SubjectAlternateName_Dns{Dns: name}})
	}
	return []*adminv3.CertificateDetails{d}
}
