package validation

import (
	"fmt"
	"net/url"

	extensions "istio.io/api/extensions/v1alpha1"

	"github.com/meshctl/meshctl/internal/resource"
)

// WasmPlugin checks a WasmPlugin.
func WasmPlugin(p *extensions.WasmPlugin) []Problem {
	r := &report{}
	r.targets(p.GetSelector(), p.GetTargetRef(), p.GetTargetRefs())
	r.wasm(spec(), p)
	for i, match := range p.GetMatch() {
		if match == nil {
			r.errorf(sub(spec(), "match", i), "match %d must not be null", i)
			return r.problems
		}
		for j, port := range match.GetPorts() {
			if err := checkPort(int(port.GetNumber())); err != nil {
				r.check(sub(spec(), "match", i, "ports", j, "number"), err)
				return r.problems
			}
		}
	}
	return r.problems
}

// TrafficExtension checks a TrafficExtension.
func TrafficExtension(x *extensions.TrafficExtension) []Problem {
	r := &report{}
	wasm, lua := x.GetWasm(), x.GetLua()
	if (wasm == nil) == (lua == nil) {
		r.errorf(spec(), "exactly one of wasm and lua must be set")
	}
	r.targets(x.GetSelector(), nil, x.GetTargetRefs())
	if lua != nil {
		const largest = 64 << 10
		switch size := len(lua.GetInlineCode()); {
		case size == 0:
			r.errorf(sub(spec(), "lua"), "inlineCode must not be empty")
		case size > largest:
			r.errorf(sub(spec(), "lua", "inlineCode"), "inlineCode has %d bytes: 64 KB is the limit", size)
		}
	}
	if wasm != nil {
		r.wasm(sub(spec(), "wasm"), wasm)
	}
	for i, match := range x.GetMatch() {
		if match == nil {
			r.errorf(sub(spec(), "match", i), "match %d must not be null", i)
			return r.problems
		}
		for j, port := range match.GetPorts() {
			if err := checkPort(int(port.GetNumber())); err != nil {
				r.check(sub(spec(), "match", i, "ports", j, "number"), err)
				return r.problems
			}
		}
	}
	return r.problems
}

// wasmModule is what WasmPlugin and the wasm part of TrafficExtension have in common.
type wasmModule interface {
	GetUrl() string
	GetSha256() string
	GetImagePullSecret() string
	GetPluginName() string
	GetVmConfig() *extensions.VmConfig
}

func (r *report) wasm(at resource.FieldPath, m wasmModule) {
	const longestSecret, longestName = 253, 256
	r.check(sub(at, "url"), checkModuleURL(m.GetUrl()))
	r.check(sub(at, "sha256"), checkDigest(m.GetSha256()))
	if len(m.GetImagePullSecret()) > longestSecret {
		r.errorf(sub(at, "imagePullSecret"), "imagePullSecret has more than %d characters", longestSecret)
	}
	if len(m.GetPluginName()) > longestName {
		r.errorf(sub(at, "pluginName"), "pluginName has more than %d characters", longestName)
	}
	seen := map[string]bool{}
	for i, env := range m.GetVmConfig().GetEnv() {
		at := sub(at, "vmConfig", "env", i)
		switch name := env.GetName(); {
		case env == nil:
			continue
		case name == "":
			r.errorf(at, "a variable needs a name")
		case len(name) > longestName:
			r.errorf(sub(at, "name"), "the name of a variable has more than %d characters", longestName)
		case seen[name]:
			r.errorf(sub(at, "name"), "variable %q is set twice", name)
		case env.GetValueFrom() != extensions.EnvValueSource_INLINE && env.GetValue() != "":
			r.errorf(sub(at, "value"), "a value needs valueFrom INLINE")
		default:
			seen[name] = true
			continue
		}
		return // what follows cannot be judged
	}
}

// checkModuleURL accepts what a module can be fetched from; without a scheme it is an image.
func checkModuleURL(text string) error {
	if text == "" {
		return fmt.Errorf("url is required")
	}
	u, err := url.ParseRequestURI(text)
	if err != nil {
		if u, err = url.ParseRequestURI("http://" + text); err != nil {
			return fmt.Errorf("%q is not a URL", text)
		}
	}
	switch u.Scheme {
	case "", "file", "http", "https", "oci":
		return nil
	}
	return fmt.Errorf("a module cannot be fetched by %q: use oci, https, http or file", u.Scheme)
}

func checkDigest(text string) error {
	if text == "" {
		return nil
	}
	for _, c := range text {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return fmt.Errorf("sha256 must be 64 digits of lower case hexadecimal")
		}
	}
	if len(text) != 64 {
		return fmt.Errorf("sha256 must be 64 digits of lower case hexadecimal")
	}
	return nil
}
