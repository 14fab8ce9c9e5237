// Package snapshot writes and reads archives of a mesh: its objects, what each
// proxy and istiod say of themselves, logs. Secrets are redacted before
// anything is written. Every reading command can take an archive in place of
// a cluster.
//
// # Format
//
// A snapshot is a tar file compressed by Zstandard, so that `tar --zstd -xf`
// unpacks it. Each entry has Zstandard frames of its own, and the last entry,
// index.json, says where they start; a skippable frame at the very end says
// where the index starts. So one entry is read without the others, and an
// archive that was cut off is recognised.
//
//	index.json                                 Index
//	objects/KIND.GROUP.jsonl                   objects of a kind, one a line
//	pods/NAMESPACE/POD/PORT/PATH               what a pod answered to GET PATH on PORT
//	logs/NAMESPACE/POD/CONTAINER.log           the end of a container's log
//	logs/NAMESPACE/POD/CONTAINER.previous.log  that of the run before
//	views/analysis.json                        what `analyze -A -o json` said at the capture
//	views/proxy-status.json                    what `proxy-status -o json` said at the capture
//
// In the names of answers, / ? & of the request became _ @ +. What istiod would
// send to a proxy is its answer debug_config_dump@proxyID=POD.NAMESPACE.
// Events are objects like others: objects/Event.core.jsonl.
//
// Readers refuse archives of a version that they do not know. A new kind of
// entry does not raise the version; a new meaning of an old one does.
package snapshot

import (
	"cmp"
	"errors"
	"path"
	"strings"
	"time"
)

// Version is the version of the format that this package writes.
const Version = 1

// formatName stands in every index.
const formatName = "meshctl snapshot"

const indexPath = "index.json"

// The entries with what commands said at the capture, as JSON.
const (
	AnalysisPath    = "views/analysis.json"
	ProxyStatusPath = "views/proxy-status.json"
)

// Limits for archives that were not written by this program.
const (
	maxIndex  = 64 << 20 // bytes of the index
	maxEntry  = 4 << 30  // bytes of one entry
	maxObject = 16 << 20 // bytes of one object; API servers take no more than 3 MB
	// Entries of more than freeEntry bytes that shrank to less than a thousandth
	// are no dumps or logs: they are there to fill a memory.
	freeEntry = 32 << 20
	maxRatio  = 1000
)

// Index is an archive's table of contents.
type Index struct {
	Format  string    `json:"format"`
	Version int       `json:"version"`
	Created time.Time `json:"created"`
	Ended   time.Time `json:"ended"`   // when the last answer had come
	Program string    `json:"program"` // the version of meshctl that wrote it

	Cluster   Cluster    `json:"cluster"`
	Kinds     []Kind     `json:"kinds"`
	Entries   []Entry    `json:"entries"`
	Failures  []Failure  `json:"failures"`  // what could not be collected, and why
	Redacted  []Redacted `json:"redacted"`  // what was taken out
	Truncated bool       `json:"truncated"` // the size budget ended the collection
	Late      bool       `json:"late"`      // its time was over
}

// Cluster says where the snapshot was taken.
type Cluster struct {
	Context   string `json:"context"`
	Server    string `json:"server"`
	Version   string `json:"version"`   // of the API server
	Namespace string `json:"namespace"` // that of the context
}

// Kind is a kind of object as the API server served it.
type Kind struct {
	Group      string   `json:"group"`
	Version    string   `json:"version"`
	Kind       string   `json:"kind"`
	Resource   string   `json:"resource"`
	Names      []string `json:"names"`
	Namespaced bool     `json:"namespaced"`
}

// Entry is a file of the archive.
type Entry struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"`   // of the content
	Offset int64  `json:"offset"` // of the compressed content in the archive
	Length int64  `json:"length"` // of the compressed content
	Count  int    `json:"count,omitempty"`
}

// Failure is something that could not be collected.
type Failure struct {
	What   string `json:"what"`
	Reason string `json:"reason"`
}

// Redacted says how much a rule took out of an entry.
type Redacted struct {
	Path  string `json:"path"`
	Rule  string `json:"rule"`
	Count int    `json:"count"`
}

// Errors that readers of damaged or foreign files get.
var (
	errForeign   = errors.New("this is no snapshot of meshctl")
	errTruncated = errors.New("the archive is cut off or damaged; its table of contents is missing")
)

// ObjectsPath is the entry with the objects of a kind.
func ObjectsPath(k Kind) string {
	return "objects/" + k.Kind + "." + cmp.Or(k.Group, "core") + ".jsonl"
}

// answerPath is the entry with a pod's answer to a GET request.
func answerPath(namespace, pod, port, request string) string {
	name := strings.TrimPrefix(request, "/")
	name = strings.NewReplacer("/", "_", "?", "@", "&", "+").Replace(name)
	if name == "" {
		name = "index"
	}
	return path.Join("pods", namespace, pod, port, name)
}
