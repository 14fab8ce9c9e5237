package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/transport/spdy"
)

// markerListener takes connections and ends them at once. kwok follows the
// mappings of ports and is a moment behind: a forward to the marker port of
// the newest version of a pod's rules tells that kwok has it.
type markerListener struct {
	listener net.Listener
	port     int
}

func (l *Lab) listenForMarkers() (*markerListener, error) {
	m := &markerListener{}
	var err error
	if m.port, err = l.ports.next(); err != nil {
		return nil, err
	}
	if m.listener, err = net.Listen("tcp", address(m.port)); err != nil {
		return nil, fmt.Errorf("listening for probes: %w", err)
	}
	go func() {
		for {
			connection, err := m.listener.Accept()
			if err != nil {
				return // closed
			}
			connection.Close()
		}
	}()
	return m, nil
}

func (m *markerListener) close() { m.listener.Close() }

// probeTimeout bounds one probe.
const probeTimeout = 5 * time.Second

// waitMapped returns when kwok forwards the marker port of a pod.
func (l *Lab) waitMapped(ctx context.Context, namespace, pod string, marker int) error {
	err := eventually(ctx, func(ctx context.Context) error { return l.probe(ctx, namespace, pod, marker) })
	if err != nil {
		return fmt.Errorf("waiting for kwok to map the ports of pod %s/%s: %w", namespace, pod, err)
	}
	return nil
}

// probe opens a port-forward to a pod's marker port and returns what kwok
// complains about.
func (l *Lab) probe(ctx context.Context, namespace, pod string, marker int) error {
	config, err := l.Config()
	if err != nil {
		return err
	}
	transport, upgrader, err := spdy.RoundTripperFor(config)
	if err != nil {
		return err
	}
	url := l.Client.CoreV1().RESTClient().Post().Resource("pods").Namespace(namespace).Name(pod).SubResource("portforward").URL()
	connection, _, err := spdy.NewDialer(upgrader, &http.Client{Transport: transport}, http.MethodPost, url).Dial("portforward.k8s.io")
	if err != nil {
		return err
	}
	defer connection.Close()
	headers := http.Header{}
	headers.Set(corev1.PortHeader, strconv.Itoa(marker))
	headers.Set(corev1.PortForwardRequestIDHeader, "0")
	headers.Set(corev1.StreamType, corev1.StreamTypeError)
	complaints, err := connection.CreateStream(headers)
	if err != nil {
		return err
	}
	complaints.Close() // nothing is written to it
	headers.Set(corev1.StreamType, corev1.StreamTypeData)
	data, err := connection.CreateStream(headers)
	if err != nil {
		return err
	}
	data.Close() // nor to this one

	answer := make(chan error, 1)
	go func() {
		text, err := io.ReadAll(complaints) // ends with the connection at the latest
		if err == nil && len(text) > 0 {
			err = errors.New(string(text))
		}
		answer <- err
	}()
	select {
	case err := <-answer:
		return err
	case <-time.After(probeTimeout):
		return errors.New("no answer to a probe")
	case <-ctx.Done():
		return ctx.Err()
	}
}
