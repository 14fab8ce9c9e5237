package snapshot

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"
)

// Writer makes an archive. Entries may be added by several goroutines. The
// file has its name only after Finish: nobody sees a half of it.
type Writer struct {
	name string
	temp *os.File
	now  time.Time

	mu       sync.Mutex
	position int64
	index    Index
}

// Create begins an archive that will be called name.
func Create(name string, index Index) (*Writer, error) {
	temp, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return nil, fmt.Errorf("writing snapshot %s: %w", name, err)
	}
	index.Format, index.Version = formatName, Version
	index.Entries, index.Failures, index.Redacted = []Entry{}, []Failure{}, []Redacted{}
	return &Writer{name: name, temp: temp, now: index.Created, index: index}, nil
}

// Spool holds the content of a coming entry, compressed, in a file beside the
// archive: a tar needs the size first, and a content may be larger than memory.
type Spool struct {
	file *os.File
	zip  *zstd.Encoder
	size int64
	open bool
}

// Spool begins a content. The caller closes it in any case.
func (w *Writer) Spool() (*Spool, error) {
	file, err := os.CreateTemp(filepath.Dir(w.name), "."+filepath.Base(w.name)+".part.*")
	if err != nil {
		return nil, fmt.Errorf("writing snapshot %s: %w", w.name, err)
	}
	os.Remove(file.Name()) // it lives as long as it is open
	zip, err := zstd.NewWriter(file, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
	if err != nil {
		file.Close()
		return nil, err
	}
	return &Spool{file: file, zip: zip, open: true}, nil
}

// Write adds to the content.
func (s *Spool) Write(p []byte) (int, error) {
	n, err := s.zip.Write(p)
	s.size += int64(n)
	return n, err
}

// Close lets go of the content.
func (s *Spool) Close() error {
	return errors.Join(s.finish(), s.file.Close())
}

func (s *Spool) finish() error {
	if !s.open {
		return nil
	}
	s.open = false
	return s.zip.Close()
}

// Add makes a content an entry. Count is the number of objects in it, if it has such.
func (w *Writer) Add(path string, s *Spool, count int) error {
	if err := s.finish(); err != nil {
		return fmt.Errorf("compressing %s: %w", path, err)
	}
	length, err := s.file.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = s.file.Seek(0, io.SeekStart)
	}
	if err != nil {
		return fmt.Errorf("compressing %s: %w", path, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	entry := Entry{Path: path, Size: s.size, Length: length, Count: count}
	if err := w.add(&entry, s.file); err != nil {
		return fmt.Errorf("writing snapshot %s: %w", w.name, err)
	}
	w.index.Entries = append(w.index.Entries, entry)
	return nil
}

// add writes header, content and padding, each as frames of their own.
func (w *Writer) add(entry *Entry, compressed io.Reader) error {
	var header bytes.Buffer
	t := tar.NewWriter(&header)
	err := t.WriteHeader(&tar.Header{Name: entry.Path, Mode: 0o644, Size: entry.Size, ModTime: w.now, Format: tar.FormatPAX})
	if err != nil {
		return err
	}
	if err := w.frame(header.Bytes()); err != nil {
		return err
	}
	entry.Offset = w.position
	n, err := io.Copy(w.temp, compressed)
	w.position += n
	if err != nil {
		return err
	}
	const block = 512
	if rest := entry.Size % block; rest != 0 {
		return w.frame(make([]byte, block-rest))
	}
	return nil
}

func (w *Writer) frame(data []byte) error {
	zip, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	n, err := w.temp.Write(zip.EncodeAll(data, nil))
	w.position += int64(n)
	return err
}

// Fail records what could not be collected.
func (w *Writer) Fail(what string, reason error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	text := redactText([]byte(reason.Error()), map[string]int{}) // it may quote an answer
	w.index.Failures = append(w.index.Failures, Failure{what, string(text)})
}

// Redact records what was taken out of an entry.
func (w *Writer) Redact(path string, counts map[string]int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, rule := range sortedKeys(counts) {
		w.index.Redacted = append(w.index.Redacted, Redacted{path, rule, counts[rule]})
	}
}

// AddKind records how a kind is served.
func (w *Writer) AddKind(k Kind) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.index.Kinds = append(w.index.Kinds, k)
}

// Truncate records that the size budget was used up.
func (w *Writer) Truncate() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.index.Truncated = true
}

// Late records that the time was over.
func (w *Writer) Late() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.index.Late = true
}

// Archive reads what was added before, while more may follow. Now is the time
// that it takes for the end. It lives as long as the Writer.
func (w *Writer) Archive(now time.Time) *Archive {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := &Archive{Index: w.index, name: w.name, file: w.temp, size: w.position, entries: map[string]Entry{}, close: func() error { return nil }}
	a.Index.Ended = now
	a.Index.Kinds, a.Index.Entries = slices.Clone(w.index.Kinds), slices.Clone(w.index.Entries)
	a.Index.Failures, a.Index.Redacted = slices.Clone(w.index.Failures), slices.Clone(w.index.Redacted)
	sortIndex(&a.Index)
	for _, e := range a.Index.Entries {
		a.entries[e.Path] = e
	}
	return a
}

// Size is the number of bytes written so far.
func (w *Writer) Size() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.position
}

// The end of an archive: a skippable Zstandard frame (RFC 8878, 3.1.2) with a
// magic word and the place of the index.
const (
	trailerMagic  = 0x184D2A5E
	trailerWord   = "MESHSNAP"
	trailerLength = 8 + len(trailerWord) + 16
)

// Finish writes the table of contents and gives the file its name. Now is the
// time at which the collection has ended.
func (w *Writer) Finish(now time.Time) (Index, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.index.Ended = now
	index, err := w.finish()
	if err != nil {
		return index, fmt.Errorf("writing snapshot %s: %w", w.name, err)
	}
	return index, nil
}

func (w *Writer) finish() (Index, error) {
	sortIndex(&w.index)
	text, err := json.MarshalIndent(w.index, "", " ")
	if err != nil {
		return w.index, err
	}
	zip, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return w.index, err
	}
	compressed := zip.EncodeAll(text, nil)
	entry := Entry{Path: indexPath, Size: int64(len(text)), Length: int64(len(compressed))}
	if err := w.add(&entry, bytes.NewReader(compressed)); err != nil {
		return w.index, err
	}
	if err := w.frame(make([]byte, 1024)); err != nil { // the end of a tar
		return w.index, err
	}
	trailer := binary.LittleEndian.AppendUint32(nil, trailerMagic)
	trailer = binary.LittleEndian.AppendUint32(trailer, uint32(trailerLength-8))
	trailer = append(trailer, trailerWord...)
	trailer = binary.LittleEndian.AppendUint64(trailer, uint64(entry.Offset))
	trailer = binary.LittleEndian.AppendUint64(trailer, uint64(entry.Length))
	if _, err := w.temp.Write(trailer); err != nil {
		return w.index, err
	}
	if err := w.temp.Close(); err != nil {
		return w.index, err
	}
	return w.index, os.Rename(w.temp.Name(), w.name)
}

// Abort removes what was written; after Finish it does nothing.
func (w *Writer) Abort() {
	w.temp.Close()
	os.Remove(w.temp.Name())
}
