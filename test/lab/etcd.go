package lab

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
)

// newEtcd describes the store. It keeps nothing that anybody would miss, so it
// does not wait for the disk.
func (l *Lab) newEtcd() *Component {
	peerPort := 0
	return &Component{lab: l, name: "etcd", grace: shortGrace, launch: func() (launch, error) {
		if err := l.ports.fill(&l.etcdPort, &peerPort); err != nil {
			return launch{}, err
		}
		client, peer := "http://"+address(l.etcdPort), "http://"+address(peerPort)
		return launch{
			binary: l.tools.Path("etcd"),
			args: []string{
				"--name=lab", "--data-dir=" + filepath.Join(l.Dir, "etcd"), "--unsafe-no-fsync", "--log-level=warn",
				"--listen-client-urls=" + client, "--advertise-client-urls=" + client,
				"--listen-peer-urls=" + peer, "--initial-advertise-peer-urls=" + peer, "--initial-cluster=lab=" + peer,
			},
			ready: answersOK(http.DefaultClient, client+"/health"),
		}, nil
	}}
}

// answersOK returns a check that a URL answers with status 200.
func answersOK(client *http.Client, url string) func(context.Context) error {
	return func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("%s answers %s", url, response.Status)
		}
		return nil
	}
}
