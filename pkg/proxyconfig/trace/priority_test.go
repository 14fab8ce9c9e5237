package trace

import (
	"fmt"
	"strings"
	"testing"
)

// The tables are those of "Priority levels", "Degraded endpoints" and "Panic threshold" of
// https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/overview
func TestSpread(t *testing.T) {
	hosts := func(n int) []host { return make([]host, n) }
	// levels are written healthy/degraded/all.
	parse := func(text string) (out []level) {
		for i, one := range strings.Fields(text) {
			var healthy, degraded, all int
			if _, err := fmt.Sscanf(one, "%d/%d/%d", &healthy, &degraded, &all); err != nil {
				t.Fatal(err)
			}
			out = append(out, level{priority: i, healthy: hosts(healthy), degraded: hosts(degraded), sick: hosts(all - healthy - degraded)})
		}
		return out
	}
	for _, c := range []struct {
		levels    string
		threshold float64
		want      string // priority:percent, ! for panic, of so many hosts
	}{
		{"100/0/100 100/0/100", 50, "0:100(100)"},
		{"72/0/100 72/0/100", 50, "0:100(72)"},
		{"71/0/100 71/0/100", 50, "0:99(71) 1:1(71)"},
		{"50/0/100 60/0/100", 50, "0:70(50) 1:30(60)"},
		{"25/0/100 100/0/100", 50, "0:35(25) 1:65(100)"},
		{"25/0/100 25/0/100", 0, "0:50(25) 1:50(25)"},
		{"5/0/100 5/0/100 5/0/100", 0, "0:33(5) 1:33(5) 2:33(5)"},
		// panic
		{"72/0/100 72/0/100", 90, "0:100(72)"},
		{"25/0/100 25/0/100", 50, "0:50(100)! 1:50(100)!"},
		{"5/0/100 65/0/100", 50, "0:7(100)! 1:93(65)"},
		{"1/0/3", 50, "0:100(3)!"},
		{"2/0/3", 50, "0:100(2)"},
		{"1/0/3", 0, "0:100(1)"},
		{"0/0/2", 50, "0:100(2)!"},
		{"0/0/2", 0, ""},
		{"0/0/2 0/0/2", 50, "0:100(2)!"},
		{"0/0/2 1/0/1", 50, "1:100(1)"},
		// degraded hosts get what healthy ones do not carry
		{"1/1/2", 50, "0:70(1) 0:30(1)"},
		{"0/2/2", 50, "0:100(2)"},
		{"3/1/4", 50, "0:100(3)"},
		{"", 50, ""},
	} {
		var got []string
		for _, l := range spread(parse(c.levels), 140, c.threshold) {
			text := fmt.Sprintf("%d:%.0f(%d)", l.level.priority, l.share*100, len(l.hosts))
			if l.panics {
				text += "!"
			}
			got = append(got, text)
		}
		if joined := strings.Join(got, " "); joined != c.want {
			t.Errorf("%s with threshold %g: %s, want %s", c.levels, c.threshold, joined, c.want)
		}
	}
}
