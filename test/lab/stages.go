package lab

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

// readyAnnotation on a pod whose containers the [Runtime] runs says that they
// are up. Until then the pod is Running but not Ready, as in a cluster.
const readyAnnotation = "lab.meshctl/ready"

// AbsentTag is the tag of images that no registry has: a pod with one stays
// Pending, with ImagePullBackOff.
const AbsentTag = "absent"

// imagePull is the stage of pods with such an image.
//
//go:embed imagepull.yaml
var imagePull []byte

// absentImage gives true for pods with such an image.
func absentImage() stageExpression {
	return stageExpression{
		Key:    `[(.spec.containers + (.spec.initContainers // []))[].image | endswith(":` + AbsentTag + `")] | any`,
		Values: []string{"true"},
	}
}

// stage is what the lab needs to know of a kwok Stage: how an object gets from
// one state to the next.
type stage struct {
	APIVersion string         `json:"apiVersion"`
	Kind       string         `json:"kind"`
	Metadata   map[string]any `json:"metadata"`
	Spec       struct {
		ResourceRef map[string]any `json:"resourceRef"`
		Selector    struct {
			MatchExpressions []stageExpression `json:"matchExpressions"`
		} `json:"selector"`
		Delay map[string]any `json:"delay,omitempty"`
		Next  map[string]any `json:"next"`
	} `json:"spec"`
}

// stageExpression is a jq expression over an object and what it must give.
type stageExpression struct {
	Key      string   `json:"key"`
	Operator string   `json:"operator"`
	Values   []string `json:"values,omitempty"`
}

// stagesConfig returns the configuration of kwok: the stages that its module
// ships in dir, changed so that pods with containers that the runtime runs
// become Ready in two steps, and one for pods whose image is absent.
func stagesConfig(dir string) ([]byte, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*", "*", "*.yaml"))
	if err != nil {
		return nil, err
	}
	var config bytes.Buffer
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading the stages of kwok: %w", err)
		}
		var s stage
		if err := yaml.UnmarshalStrict(data, &s); err != nil {
			return nil, fmt.Errorf("reading stage %s of kwok: %w", file, err)
		}
		stages := []stage{s}
		if s.Metadata["name"] == "pod-ready" {
			if stages, err = inTwoSteps(data); err != nil {
				return nil, fmt.Errorf("reading stage %s of kwok: %w", file, err)
			}
		}
		for _, s := range stages {
			out, err := yaml.Marshal(s)
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(&config, "---\n%s", out)
		}
	}
	if config.Len() == 0 {
		return nil, fmt.Errorf("reading the stages of kwok: none in %s", dir)
	}
	var pull stage
	if err := yaml.UnmarshalStrict(imagePull, &pull); err != nil {
		return nil, fmt.Errorf("reading the lab's own stage: %w", err)
	}
	pull.require(absentImage(), "In")
	out, err := yaml.Marshal(pull)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(&config, "---\n%s", out)
	return config.Bytes(), nil
}

// inTwoSteps makes three stages of the one that takes a pod from Pending to
// Ready: that one for pods that kwok simulates alone, and one each to start
// and to make ready those that the runtime runs.
func inTwoSteps(podReady []byte) ([]stage, error) {
	ofRuntime := stageExpression{
		Key:    `.spec.containers[].name, (.spec.initContainers // [])[].name`,
		Values: []string{proxyContainer, istiodContainer},
	}
	var alone, start, ready stage
	for _, s := range []*stage{&alone, &start, &ready} {
		if err := yaml.UnmarshalStrict(podReady, s); err != nil {
			return nil, err
		}
		s.require(absentImage(), "NotIn")
	}
	alone.require(ofRuntime, "NotIn")

	start.Metadata["name"] = "pod-start"
	start.require(ofRuntime, "In")
	status, _ := start.Spec.Next["statusTemplate"].(string)
	notReady := strings.NewReplacer(
		"status: \"True\"\n  type: Ready", "status: \"False\"\n  type: Ready",
		"status: \"True\"\n  type: ContainersReady", "status: \"False\"\n  type: ContainersReady",
		"ready: true", "ready: false",
	).Replace(status)
	if strings.Count(notReady, `"False"`) != 2 {
		return nil, errors.New("its status template is not the one that the lab knows how to change")
	}
	start.Spec.Next["statusTemplate"] = notReady

	ready.Metadata["name"] = "pod-runtime-ready"
	// A pod that has started has its addresses.
	upToAddresses, _, found := strings.Cut(status, "{{ $hostIPs")
	if !found {
		return nil, errors.New("its status template is not the one that the lab knows how to change")
	}
	ready.Spec.Next["statusTemplate"] = upToAddresses
	ready.require(ofRuntime, "In")
	ready.require(stageExpression{Key: fmt.Sprintf(".metadata.annotations[%q]", readyAnnotation)}, "Exists")
	for i, e := range ready.Spec.Selector.MatchExpressions {
		if e.Key == ".status.phase" {
			ready.Spec.Selector.MatchExpressions[i].Values = []string{"Running"}
		}
	}
	return []stage{alone, start, ready}, nil
}

func (s *stage) require(e stageExpression, operator string) {
	e.Operator = operator
	s.Spec.Selector.MatchExpressions = append(s.Spec.Selector.MatchExpressions, e)
}
