package install

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// A server that does not answer, or never stops answering, ends neither in a
// wait without end nor in a full memory.
func TestFetchingChartsIsBounded(t *testing.T) {
	t.Parallel()
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer silent.Close()
	endless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for chunk := make([]byte, 1<<20); ; {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}))
	defer endless.Close()

	fetch := func(ctx context.Context, location string) error {
		charts, err := (ChartSource{PlainHTTP: true}).Open(ctx, location)
		if err == nil {
			_, err = charts.load(ctx, components()[0])
		}
		return err
	}
	over := errors.New("the time is over")
	for _, location := range []string{
		silent.URL + "/charts", silent.URL + "/istio.tgz", "oci://" + strings.TrimPrefix(silent.URL, "http://") + "/charts",
	} {
		ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Millisecond, over)
		start := time.Now()
		err := fetch(ctx, location)
		cancel()
		if !errors.Is(err, over) || time.Since(start) > 3*time.Second {
			t.Errorf("%s: after %s: %v", location, time.Since(start), err)
		}
	}
	for _, location := range []string{endless.URL + "/charts", endless.URL + "/istio.tgz"} {
		if err := fetch(t.Context(), location); !errors.Is(err, errTooLarge) {
			t.Errorf("%s: %v", location, err)
		}
	}
}

func TestACredentialInALocationIsNotTold(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	location := strings.Replace(server.URL, "http://", "http://me:geheim@", 1)
	charts, err := ChartSource{}.Open(t.Context(), location)
	if err != nil || strings.Contains(charts.location, "geheim") {
		t.Errorf("kept: %q, %v", charts.location, err)
	}
	if _, err = charts.load(t.Context(), components()[0]); err == nil || strings.Contains(err.Error(), "geheim") {
		t.Errorf("got %v", err)
	}
}

// What a repository does not have is said to come from elsewhere.
func TestGatewaysOfARepositoryAreToldToBeEmbedded(t *testing.T) {
	charts := Charts{chosen: true, fetch: nil}
	embedded, err := ChartSource{}.Open(t.Context(), Embedded)
	if err != nil {
		t.Fatal(err)
	}
	config, err := Resolve(Input{Charts: embedded, Profile: "empty", Settings: []Setting{{Text: "components.egressGateways[0].name=out"}, {Text: "components.egressGateways[0].enabled=true"}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, repository := range []bool{false, true} {
		config.charts = charts
		if repository {
			config.charts.fetch = ChartSource{}.fromRepository("https://charts.example.com")
		}
		rendering, err := Render(t.Context(), config, RenderOptions{Components: []string{"EgressGateways"}})
		if err != nil {
			t.Fatal(err)
		}
		told := strings.Contains(strings.Join(rendering.Warnings, "\n"), "out rendered with the chart of this program")
		if told != repository {
			t.Errorf("from a repository %v: warnings %q", repository, rendering.Warnings)
		}
	}
}
