package validation

import (
	"net/url"
	"strings"

	extensions "istio.io/api/extensions/v1alpha1"

	"github.com/meshctl/meshctl/internal/resource"
)

func (c *checker) wasmPlugin(at *place, p *extensions.WasmPlugin) {
	c.attachment(at, attachment{p.Selector, p.TargetRef, p.TargetRefs})
	c.wasmModule(at, p)
	for i, selector := range p.Match {
		if !c.selectedPorts(item(at, "match", i), selector.Ports) {
			return
		}
	}
}

// wasmModule is what a WasmPlugin and the wasm part of a TrafficExtension
// have in common.
type wasmModule interface {
	GetUrl() string
	GetSha256() string
	GetImagePullSecret() string
	GetPluginName() string
	GetVmConfig() *extensions.VmConfig
}

func (c *checker) wasmModule(at *place, m wasmModule) {
	const longestSecret, longestName = 253, 256
	c.wasmURL(at, m.GetUrl())
	if sum := m.GetSha256(); sum != "" && (len(sum) != 64 || strings.Trim(sum, "0123456789abcdef") != "") {
		c.failf(at.Child("sha256"), "a checksum has 64 hexadecimal digits in lower case")
	}
	if len(m.GetImagePullSecret()) > longestSecret {
		c.failf(at.Child("imagePullSecret"), "imagePullSecret is longer than %d characters", longestSecret)
	}
	if len(m.GetPluginName()) > longestName {
		c.failf(at.Child("pluginName"), "pluginName is longer than %d characters", longestName)
	}
	c.wasmEnv(at.Child("vmConfig").Child("env"), m.GetVmConfig().GetEnv())
}

// wasmURL allows URLs of files, web servers and registries; without a scheme,
// a registry is meant.
func (c *checker) wasmURL(at *place, text string) {
	if text == "" {
		c.failf(at, "the url of the module is missing")
		return
	}
	u, err := url.ParseRequestURI(text)
	if err != nil {
		u, err = url.ParseRequestURI("http://" + text)
	}
	if err == nil {
		_, err = url.Parse(u.String())
	}
	if err != nil {
		c.failf(at.Child("url"), "%q is not a URL", text)
		return
	}
	switch u.Scheme {
	case "", "file", "http", "https", "oci":
	default:
		c.failf(at.Child("url"), "the scheme %q is not supported: use oci, https, http or file", u.Scheme)
	}
}

// wasmEnv reports the first mistake only, as the control plane does.
func (c *checker) wasmEnv(at *place, env []*extensions.EnvVar) {
	const longest = 256
	seen := map[string]bool{}
	for i, v := range env {
		at := at.Child(resource.Index(i))
		switch {
		case v.Name == "":
			c.failf(at, "an environment variable needs a name")
		case len(v.Name) > longest:
			c.failf(at.Child("name"), "the name is longer than %d characters", longest)
		case seen[v.Name]:
			c.failf(at.Child("name"), "the variable %s is set twice", v.Name)
		case v.ValueFrom != extensions.EnvValueSource_INLINE && v.Value != "":
			c.failf(at.Child("value"), "a value needs valueFrom INLINE")
		default:
			seen[v.Name] = true
			continue
		}
		return
	}
}
