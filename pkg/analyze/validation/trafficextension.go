package validation

import (
	extensions "istio.io/api/extensions/v1alpha1"
	typev1beta1 "istio.io/api/type/v1beta1"
)

func (c *checker) trafficExtension(at *place, t *extensions.TrafficExtension) {
	wasm, lua := t.GetWasm(), t.GetLua()
	if (wasm == nil) == (lua == nil) {
		c.failf(at, "exactly one of wasm and lua must be set")
	}
	c.attachment(at, attachment{selector: t.Selector, refs: t.TargetRefs})
	if lua != nil {
		const most = 64 << 10
		switch n := len(lua.InlineCode); {
		case n == 0:
			c.failf(at.Child("lua"), "inlineCode is missing")
		case n > most:
			c.failf(at.Child("lua").Child("inlineCode"), "inlineCode is longer than 64 kB")
		}
	}
	if wasm != nil {
		c.wasmModule(at.Child("wasm"), wasm)
	}
	for i, selector := range t.Match {
		if !c.selectedPorts(item(at, "match", i), selector.Ports) {
			return
		}
	}
}

// selectedPorts reports the first mistake only, as the control plane does.
func (c *checker) selectedPorts(at *place, ports []*typev1beta1.PortSelector) (valid bool) {
	for i, port := range ports {
		if err := portNumber(port.Number); err != nil {
			c.must(item(at, "ports", i).Child("number"), err)
			return false
		}
	}
	return true
}
