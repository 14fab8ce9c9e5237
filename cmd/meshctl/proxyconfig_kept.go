package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/meshctl/meshctl/internal/resource"
	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
)

// lastSide marks a side as the dump that --save kept of a proxy.
const lastSide = "last"

// keptEnding is how the files with kept dumps end.
const keptEnding = ".json.gz"

// keptDir is where the dumps of a cluster's proxies are kept: among the user's state, since
// they can be lost without harm but not made again.
func (e *env) keptDir() (string, error) {
	cluster, err := e.cluster()
	if err != nil {
		return "", err
	}
	dir := e.getenv("XDG_STATE_HOME")
	if dir == "" {
		home := e.getenv("HOME")
		if home == "" {
			home = e.getenv("USERPROFILE")
		}
		if home == "" {
			return "", errors.New("finding the folder for dumps: neither XDG_STATE_HOME nor HOME is set")
		}
		dir = filepath.Join(home, ".local", "state")
	}
	at := cluster.Context()
	if at == "" {
		at = "default"
	}
	return filepath.Join(dir, "meshctl", "dumps", fileName(at)), nil
}

// fileName makes a name of a context or pod fit for a file on any system.
func fileName(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) || r < ' ' {
			return '_'
		}
		return r
	}, strings.TrimLeft(name, "."))
}

// keepDump keeps the dump of a proxy, without secrets, for `diff last`. The dump must have
// been read as a whole.
func (e *env) keepDump(proxy string, d *dump.Dump) error {
	dir, err := e.keptDir()
	if err != nil {
		return err
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	for piece := range d.Text.JSON(dump.Redact) {
		_, _ = w.Write(piece) // to memory, which does not fail
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("packing the dump of %s: %w", proxy, err)
	}
	name := filepath.Join(dir, fileName(proxy)+keptEnding)
	if err = os.MkdirAll(dir, 0o700); err == nil {
		err = resource.WriteFile(name, packed.Bytes())
	}
	if err != nil {
		return fmt.Errorf("keeping the dump of %s: %w", proxy, err)
	}
	fmt.Fprintf(e.err, "the dump of %s is kept; compare with it by `proxy-config diff last %s`\n", proxy, proxy)
	return nil
}

// keptTarget is the dump that was kept of a proxy, pod.namespace.
func (e *env) keptTarget(proxy string) (proxyTarget, error) {
	dir, err := e.keptDir()
	if err != nil {
		return proxyTarget{}, err
	}
	name := filepath.Join(dir, fileName(proxy)+keptEnding)
	info, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return proxyTarget{}, usagef("no dump of %s is kept; keep one by `proxy-config all %s --save`%s", proxy, proxy, e.keptNames(dir))
	}
	if err != nil {
		return proxyTarget{}, fmt.Errorf("reading the kept dump of %s: %w", proxy, err)
	}
	fmt.Fprintf(e.err, "the last dump of %s is from %s (%s ago)\n", proxy, info.ModTime().Format("2006-01-02 15:04:05"), duration.HumanDuration(e.now().Sub(info.ModTime())))
	return e.fileTarget(name), nil
}

// keptNames lists the proxies of which there is a dump.
func (e *env) keptNames(dir string) string {
	files, _ := os.ReadDir(dir) // none is what there is to tell if it cannot be read
	var names []string
	for _, f := range files {
		if name, ok := strings.CutSuffix(f.Name(), keptEnding); ok {
			names = append(names, name)
		}
	}
	const most = 5
	if len(names) > most {
		names = append(names[:most], "...")
	}
	if len(names) == 0 {
		return ""
	}
	return "; there are dumps of " + strings.Join(names, ", ")
}

// nameLast gives the side `last` the name of the proxy on the other side.
func (e *env) nameLast(ctx context.Context, sides *[2]string) error {
	for i, side := range sides {
		if side != lastSide {
			continue
		}
		other := strings.TrimPrefix(sides[1-i], istiodSide)
		if _, _, archived := archiveSide(other); namesFile(other) || archived || other == lastSide || strings.HasPrefix(other, lastSide+":") {
			return usagef("the last dump of which proxy? write last:POD")
		}
		sides[i] = lastSide + ":" + other
	}
	for i, side := range sides {
		name, ok := strings.CutPrefix(side, lastSide+":")
		if !ok {
			continue
		}
		if strings.Contains(name, ".") && !strings.Contains(name, "/") {
			continue // pod.namespace, and the pod may be gone
		}
		pods, err := e.proxyPods(ctx, []string{name}, "", false, false)
		if err != nil {
			return err
		}
		sides[i] = lastSide + ":" + pods[0].Name + "." + pods[0].Namespace
		// A workload is one of its pods: the same one on both sides.
		if sides[1-i] == name {
			sides[1-i] = pods[0].Name + "." + pods[0].Namespace
		}
	}
	return nil
}

// keepSides keeps the dumps of those sides that are living proxies.
func (e *env) keepSides(ctx context.Context, names [2]string, dumps []*dump.Dump) error {
	for i, name := range names {
		_, _, archived := archiveSide(name)
		if archived || namesFile(name) || strings.HasPrefix(name, istiodSide) || strings.HasPrefix(name, lastSide+":") {
			continue
		}
		pods, err := e.proxyPods(ctx, []string{name}, "", false, false)
		if err != nil {
			return err
		}
		if err := e.keepDump(pods[0].Name+"."+pods[0].Namespace, dumps[i]); err != nil {
			return err
		}
	}
	return nil
}
