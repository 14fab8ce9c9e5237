package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/transport/spdy"
)

// probeTimeout is how long a forward may stay silent before it counts as one
// that leads somewhere: the target may be a black hole.
const probeTimeout = time.Second

// errNoForward says that kwok knows no mapping for a port.
var errNoForward = errors.New("kwok has not heard of the mapping")

// waitMapped returns when kwok forwards a port of a pod, or, with want false,
// when it no longer does. kwok follows the mappings and is a moment behind.
func (l *Lab) waitMapped(ctx context.Context, namespace, pod string, port int, want bool) error {
	return eventually(ctx, func(ctx context.Context) error {
		err := l.probe(ctx, namespace, pod, port)
		if !want && errors.Is(err, errNoForward) {
			return nil
		}
		if !want && err == nil {
			return errors.New("kwok still has the old mapping")
		}
		return err
	})
}

// probe opens a port-forward to a pod and returns errNoForward if kwok does not
// know where it leads.
func (l *Lab) probe(ctx context.Context, namespace, pod string, port int) error {
	config, err := l.Config()
	if err != nil {
		return err
	}
	transport, upgrader, err := spdy.RoundTripperFor(config)
	if err != nil {
		return fmt.Errorf("probing port %d of pod %s/%s: %w", port, namespace, pod, err)
	}
	url := l.Client.CoreV1().RESTClient().Post().Resource("pods").Namespace(namespace).Name(pod).SubResource("portforward").URL()
	connection, _, err := spdy.NewDialer(upgrader, &http.Client{Transport: transport}, http.MethodPost, url).Dial("portforward.k8s.io")
	if err != nil {
		return fmt.Errorf("probing port %d of pod %s/%s: %w", port, namespace, pod, err)
	}
	defer connection.Close()
	headers := http.Header{}
	headers.Set(corev1.PortHeader, strconv.Itoa(port))
	headers.Set(corev1.PortForwardRequestIDHeader, "0")
	headers.Set(corev1.StreamType, corev1.StreamTypeError)
	complaints, err := connection.CreateStream(headers)
	if err != nil {
		return fmt.Errorf("probing port %d of pod %s/%s: %w", port, namespace, pod, err)
	}
	complaints.Close() // nothing is written to it
	headers.Set(corev1.StreamType, corev1.StreamTypeData)
	data, err := connection.CreateStream(headers)
	if err != nil {
		return fmt.Errorf("probing port %d of pod %s/%s: %w", port, namespace, pod, err)
	}
	data.Close() // the target sees the end of its input

	answer := make(chan string, 1)
	go func() {
		text, _ := io.ReadAll(complaints) // ends with the connection at the latest
		answer <- string(text)
	}()
	select {
	case text := <-answer:
		if strings.Contains(text, "no forward found") || strings.Contains(text, "forward not found") {
			return errNoForward
		}
		return nil
	case <-time.After(probeTimeout):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
