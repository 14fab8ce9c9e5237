package proxyconfig

import (
	"fmt"
	"slices"
	"strings"
)

// describeDomains names at most two of the domains of a virtual host: those without
// a port, and of the spellings of one service only the short ones.
func describeDomains(domains []string) string {
	if len(domains) == 1 {
		return domains[0]
	}
	var plain []string
	for _, d := range domains {
		// [fd00::1] has colons but no port.
		if !strings.Contains(d, ":") || strings.Count(d, ":") > 2 && strings.HasSuffix(d, "]") {
			plain = append(plain, d)
		}
	}
	var short []string
	for _, d := range plain {
		if !hasShorter(plain, d, ".svc.cluster.local") && !hasShorter(plain, d, ".svc") {
			short = append(short, d)
		}
	}
	if len(short) > 2 {
		return fmt.Sprintf("%s, %s + %d more...", short[0], short[1], len(short)-2)
	}
	return strings.Join(short, ", ")
}

func hasShorter(domains []string, domain, suffix string) bool {
	short, ok := strings.CutSuffix(domain, suffix)
	return ok && slices.Contains(domains, short)
}
