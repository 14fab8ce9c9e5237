package snapshot

import (
	"strings"
	"time"
)

// Summary is what an archive holds, in numbers.
type Summary struct {
	Created   time.Time `json:"created"`
	Program   string    `json:"program"`
	Cluster   Cluster   `json:"cluster"`
	Objects   int       `json:"objects"`
	Proxies   int       `json:"proxies"`
	Istiods   int       `json:"istiods"`
	Logs      int       `json:"logs"`
	Failures  int       `json:"failures"`
	Redacted  int       `json:"redacted"`
	Truncated bool      `json:"truncated"`
	Late      bool      `json:"late"`
	Size      int64     `json:"size"` // of the contents, in bytes
}

// Summarize counts what an index lists.
func Summarize(x Index) Summary {
	s := Summary{Created: x.Created, Program: x.Program, Cluster: x.Cluster, Failures: len(x.Failures), Truncated: x.Truncated, Late: x.Late}
	for _, e := range x.Entries {
		s.Size += e.Size
		s.Objects += e.Count
		switch {
		case strings.HasPrefix(e.Path, "logs/"):
			s.Logs++
		case strings.HasPrefix(e.Path, "pods/") && strings.Contains(e.Path, "/config_dump@"):
			s.Proxies++
		case strings.HasPrefix(e.Path, "pods/") && strings.HasSuffix(e.Path, "/debug_syncz"):
			s.Istiods++
		}
	}
	for _, r := range x.Redacted {
		s.Redacted += r.Count
	}
	return s
}
