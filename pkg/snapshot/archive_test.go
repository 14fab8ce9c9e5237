package snapshot

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
)

// written is an archive with the given entries, and its bytes.
func written(t *testing.T, entries map[string]string) (string, []byte) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "mesh.tar.zst")
	w, err := Create(name, Index{Created: time.Unix(1, 0).UTC(), Program: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	for _, path := range sortedKeys(entries) {
		s, err := w.Spool()
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		io.WriteString(s, entries[path])
		if err := w.Add(path, s, 0); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Finish(time.Unix(2, 0).UTC()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return name, data
}

var someEntries = map[string]string{
	"pods/a/b/15000/config_dump@include_eds": strings.Repeat("{}\n", 100_000),
	"objects/Pod.core.jsonl":                 "",
	"logs/a/b/istio-proxy.log":               "line\n",
}

func TestArchiveGivesBackWhatWasWritten(t *testing.T) {
	name, _ := written(t, someEntries)
	a, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	got := map[string]string{}
	for _, e := range a.Index.Entries {
		in, err := a.Open(e.Path)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(in)
		if err != nil {
			t.Error(err)
		}
		in.Close()
		got[e.Path] = string(text)
	}
	if diff := cmp.Diff(someEntries, got); diff != "" {
		t.Error(diff)
	}
	if _, err := a.Open("../../etc/passwd"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// The usual programs unpack a snapshot: tar --zstd.
func TestArchiveIsATarFile(t *testing.T) {
	_, data := written(t, someEntries)
	zip, err := zstd.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer zip.Close()
	names := map[string]bool{}
	for in := tar.NewReader(zip); ; {
		h, err := in.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(in)
		if want, ok := someEntries[h.Name]; err != nil || ok && string(text) != want {
			t.Errorf("%s: %d bytes, %v", h.Name, len(text), err)
		}
		names[h.Name] = true
	}
	if len(names) != len(someEntries)+1 || !names[indexPath] {
		t.Errorf("got %v", names)
	}
}

// readAll opens an archive and reads everything that it lists.
func readAll(data []byte) error {
	a, err := Read(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return err
	}
	for _, e := range a.Index.Entries {
		in, err := a.Open(e.Path)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, in)
		in.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

func TestDamagedAndForeignArchivesAreRefused(t *testing.T) {
	_, good := written(t, someEntries)
	if err := readAll(good); err != nil {
		t.Fatal(err)
	}
	whole, err := Read(bytes.NewReader(good), int64(len(good)))
	if err != nil {
		t.Fatal(err)
	}
	damaged := bytes.Clone(good)
	damaged[whole.Index.Entries[0].Offset+whole.Index.Entries[0].Length/2] ^= 0xff
	tests := []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, errForeign.Error()},
		{"a gzip file", append([]byte{0x1f, 0x8b}, make([]byte, 100)...), errForeign.Error()},
		{"another Zstandard file", compressed("hello"), errTruncated.Error()},
		{"cut in the middle", good[:len(good)/2], errTruncated.Error()},
		{"cut by one byte", good[:len(good)-1], errTruncated.Error()},
		{"a changed byte", damaged, "reading logs/a/b/istio-proxy.log"},
		{"a bomb in the index", archiveWithIndex(strings.Repeat(" ", maxIndex+1)), "longer than announced"},
		{"another format", archiveWithIndex(`{"format": "x"}`), errForeign.Error()},
		{"a later version", archiveWithIndex(`{"format": "meshctl snapshot", "version": 2}`), "version 2 of the format, and this program reads version 1; use a newer meshctl"},
		{"an entry outside of the file", archiveWithIndex(`{"format": "meshctl snapshot", "version": 1, "entries": [{"path": "a", "offset": 9999999}]}`), "what cannot be"},
		{"an entry listed twice", archiveWithIndex(`{"format": "meshctl snapshot", "version": 1, "entries": [{"path": "a"}, {"path": "a"}]}`), "lists \"a\" twice"},
		{"zeros without end", archiveWithIndex(`{"format": "meshctl snapshot", "version": 1, "entries": [{"path": "a", "size": 4000000000, "length": 20}]}`), "4000000000 bytes out of 20"},
		{"a bomb in an entry", archiveWithIndex(fmt.Sprintf(`{"format": "meshctl snapshot", "version": 1, "entries": [{"path": "a", "size": 1, "length": %d}]}`, len(compressed("some content")))), "longer than announced"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := readAll(tt.data)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func compressed(text string) []byte {
	zip, _ := zstd.NewWriter(nil)
	return zip.EncodeAll([]byte(text), nil)
}

// archiveWithIndex is an archive of nothing but an index, after one frame.
func archiveWithIndex(index string) []byte {
	data := compressed("some content")
	offset := len(data)
	data = append(data, compressed(index)...)
	trailer := binary.LittleEndian.AppendUint32(nil, trailerMagic)
	trailer = binary.LittleEndian.AppendUint32(trailer, uint32(trailerLength-8))
	trailer = append(trailer, trailerWord...)
	trailer = binary.LittleEndian.AppendUint64(trailer, uint64(offset))
	trailer = binary.LittleEndian.AppendUint64(trailer, uint64(len(data)-offset))
	return append(data, trailer...)
}

// Whatever an archive calls its entries, reading it makes no file and follows no
// link: names are keys of the table of contents and nothing else.
func TestNamesInAnArchiveLeadNowhere(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.WriteFile("private", []byte("not for archives"), 0o600); err != nil {
		t.Fatal(err)
	}
	entry := compressed("some content")
	for _, path := range []string{"../evil", "/evil", filepath.Join(dir, "evil"), "objects/../../evil", "private", `..\evil`, "objects/Pod.core.jsonl"} {
		index, err := json.Marshal(Index{
			Format: formatName, Version: Version,
			Kinds:   []Kind{{Version: "v1", Kind: "Pod", Resource: "pods", Namespaced: true}, {Group: "../../evil", Version: "..", Kind: "../private", Resource: ".."}},
			Entries: []Entry{{Path: path, Size: int64(len("some content")), Length: int64(len(entry))}},
		})
		if err != nil {
			t.Fatal(err)
		}
		data := archiveWithIndex(string(index))
		a, err := Read(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		in, err := a.Open(path)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if text, err := io.ReadAll(in); err != nil || string(text) != "some content" {
			t.Errorf("%s: %q, %v", path, text, err)
		}
		in.Close()
		for _, request := range []string{"/api/v1/pods", "/apis/../../evil/../..", "/api/v1/namespaces/../pods/private/log?container=..%2F..%2Fprivate"} {
			answer := httptest.NewRecorder()
			a.API().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, request, nil))
			if strings.Contains(answer.Body.String(), "not for archives") {
				t.Errorf("%s, %s: answers with a file", path, request)
			}
		}
		if _, err := Diff(a, a); err != nil && !strings.Contains(err.Error(), "reading objects/") {
			t.Errorf("%s: %v", path, err)
		}
	}
	for _, place := range []string{dir, filepath.Dir(dir)} {
		files, err := os.ReadDir(place)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if f.Name() != "private" && f.Name() != filepath.Base(dir) {
				t.Errorf("%s is new in %s", f.Name(), place)
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(archiveWithIndex(`{"format": "meshctl snapshot", "version": 1}`))
	f.Add(compressed("x"))
	f.Fuzz(func(t *testing.T, data []byte) { readAll(data) })
}

func TestNothingIsLeftOfACaptureThatFails(t *testing.T) {
	dir := t.TempDir()
	w, err := Create(filepath.Join(dir, "mesh.tar.zst"), Index{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	group := Group{What: "pod a/b", Tasks: []Task{{Path: "x", Fetch: func(context.Context) (io.ReadCloser, error) { cancel(); return nil, fmt.Errorf("gone") }}}}
	if err := Capture(ctx, w, nil, []Group{group}, CaptureOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	w.Abort()
	left, _ := os.ReadDir(dir)
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// What stands in an entry is as foreign as the archive.
func TestObjectsThatAreNoneAreErrors(t *testing.T) {
	noise := make([]byte, maxObject/2) // what cannot be compressed
	rand.NewChaCha8([32]byte{}).Read(noise)
	for name, line := range map[string]string{
		"no JSON": "{", "a list": "[]", "no kind": "{}", "a name that commands terminals": `{"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "a\u001b[2J"}}`,
		"brackets without end":  strings.Repeat("[", 1_000_000),
		"an object without end": `{"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "` + fmt.Sprintf("%x", noise) + `"}}`,
	} {
		file, _ := written(t, map[string]string{"objects/Pod.core.jsonl": line})
		a, err := Open(file)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		defer a.Close()
		a.Index.Kinds = []Kind{{Version: "v1", Kind: "Pod", Resource: "pods", Namespaced: true}}
		answer := httptest.NewRecorder()
		a.API().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/api/v1/pods", nil))
		if answer.Code != http.StatusInternalServerError || !strings.Contains(answer.Body.String(), "objects/Pod.core.jsonl") {
			t.Errorf("%s: %d: %.300s", name, answer.Code, answer.Body)
		}
	}
}
