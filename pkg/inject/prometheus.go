package inject

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"istio.io/api/annotation"
	meshv1alpha1 "istio.io/api/mesh/v1alpha1"
	corev1 "k8s.io/api/core/v1"
)

// Prometheus takes annotations as label names, in which everything but letters
// and digits is "_": these are the names after that.
const (
	scrapeLabel  = "prometheus_io_scrape"
	portLabel    = "prometheus_io_port"
	pathLabel    = "prometheus_io_path"
	targetsLabel = "prometheus_istio_io_scrape_targets"
	secureLabel  = "prometheus_istio_io_secure_port"
)

// scrapeEnv tells the agent where the application's own metrics are.
const scrapeEnv = "ISTIO_PROMETHEUS_ANNOTATIONS"

type scrapeConfig struct {
	Scrape  string         `json:"scrape"`
	Path    string         `json:"path"`
	Port    string         `json:"port"`
	Targets []scrapeTarget `json:"targets,omitempty"`
}

type scrapeTarget struct {
	Port string `json:"port"`
	Path string `json:"path"`
}

// prometheusName is the label name that Prometheus makes of an annotation.
func prometheusName(annotation string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, annotation)
}

// prometheusValue looks an annotation up by the name Prometheus sees. Of
// several spellings the first in order of the alphabet counts.
func prometheusValue(annotations map[string]string, name string) (string, bool) {
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		if prometheusName(key) == name {
			return annotations[key], true
		}
	}
	return "", false
}

func prometheusPort(annotations map[string]string) (string, bool) {
	return prometheusValue(annotations, portLabel)
}

func clearPrometheus(annotations map[string]string) {
	maps.DeleteFunc(annotations, func(key, _ string) bool {
		switch prometheusName(key) {
		case scrapeLabel, portLabel, pathLabel, targetsLabel:
			return true
		}
		return false
	})
}

// mergesPrometheus says whether the agent serves the application's metrics
// together with the proxy's.
func mergesPrometheus(annotations map[string]string, mesh *meshv1alpha1.MeshConfig) bool {
	for key, value := range annotations {
		if scrape, err := strconv.ParseBool(value); err == nil && !scrape && prometheusName(key) == scrapeLabel {
			return false
		}
	}
	if own, err := strconv.ParseBool(annotations[annotation.PrometheusMergeMetrics.Name]); err == nil {
		return own
	}
	return mesh.GetEnablePrometheusMerge() == nil || mesh.GetEnablePrometheusMerge().Value
}

// mergePrometheus points Prometheus at the agent and tells the agent where
// Prometheus had been sent before.
func mergePrometheus(pod *corev1.Pod, mesh *meshv1alpha1.MeshConfig) error {
	if !mergesPrometheus(pod.Annotations, mesh) {
		return nil
	}
	agentPort := statusPort(mesh)
	if port, ok := prometheusPort(pod.Annotations); ok && port == agentPort {
		return nil // merged already, or the user's own doing
	}
	config, err := readScrapeConfig(pod.Annotations, agentPort)
	if err != nil {
		return err
	}
	if proxy := findProxy(pod); proxy != nil && config != nil {
		text, err := json.Marshal(config)
		if err != nil {
			return fmt.Errorf("writing %s: %w", scrapeEnv, err)
		}
		proxy.Env = append(proxy.Env, corev1.EnvVar{Name: scrapeEnv, Value: string(text)})
	}
	clearPrometheus(pod.Annotations)
	pod.Annotations["prometheus.io/port"] = agentPort
	pod.Annotations["prometheus.io/path"] = "/stats/prometheus"
	pod.Annotations["prometheus.io/scrape"] = "true"
	return nil
}

// readScrapeConfig gives nil if the pod says nothing about scraping.
func readScrapeConfig(annotations map[string]string, agentPort string) (*scrapeConfig, error) {
	var c scrapeConfig
	c.Scrape, _ = prometheusValue(annotations, scrapeLabel)
	c.Port, _ = prometheusValue(annotations, portLabel)
	c.Path, _ = prometheusValue(annotations, pathLabel)
	list, _ := prometheusValue(annotations, targetsLabel)
	c.Targets = scrapeTargets(list)
	if len(c.Targets) > 0 {
		// Agents that know nothing of several targets get the first.
		c.Port, c.Path = c.Targets[0].Port, c.Targets[0].Path
	}
	for _, t := range c.Targets {
		if err := checkScrapePort(t.Port, agentPort); err != nil {
			return nil, fmt.Errorf("annotation prometheus.istio.io/scrape-targets: %w", err)
		}
	}
	if c.Port != "" {
		if err := checkScrapePort(c.Port, agentPort); err != nil {
			return nil, fmt.Errorf("annotation prometheus.io/port: %w", err)
		}
	}
	if c.Scrape == "" && c.Path == "" && c.Port == "" {
		return nil, nil
	}
	return &c, nil
}

// scrapeTargets reads "port[:path],..."; a list with an entry without port
// counts as none.
func scrapeTargets(list string) []scrapeTarget {
	var targets []scrapeTarget
	for entry := range strings.SplitSeq(list, ",") {
		if strings.TrimSpace(entry) == "" {
			continue
		}
		port, path, _ := strings.Cut(entry, ":")
		port, path = strings.TrimSpace(port), strings.TrimSpace(path)
		if port == "" {
			return nil
		}
		if path == "" {
			path = "/metrics"
		}
		targets = append(targets, scrapeTarget{Port: port, Path: path})
	}
	return targets
}

func checkScrapePort(port, agentPort string) error {
	number, err := strconv.Atoi(port)
	if err != nil || number < 1 || number > 65535 {
		return fmt.Errorf("%q is no port number", port)
	}
	if strconv.Itoa(number) == agentPort {
		return fmt.Errorf("port %d is the agent's own, which would ask itself", number)
	}
	switch number {
	case 15000, 15001, 15004, 15006, 15008, 15020, 15021, 15053, 15090:
		return fmt.Errorf("port %d belongs to the proxy; name a port of the application", number)
	}
	return nil
}

// announceSecurePort tells Prometheus of the port on which the proxy serves
// the merged metrics under mutual TLS, if it does.
func announceSecurePort(pod *corev1.Pod) {
	if _, own := prometheusValue(pod.Annotations, secureLabel); own {
		return
	}
	proxy := findProxy(pod)
	if proxy == nil {
		return
	}
	for _, env := range proxy.Env {
		if env.Name == "ENVOY_SECURE_MERGED_METRICS_PORT" && env.Value != "" && env.Value != "0" {
			pod.Annotations[securePortAnnotation] = env.Value
			return
		}
	}
}
