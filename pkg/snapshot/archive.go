package snapshot

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/klauspost/compress/zstd"
)

// Archive is a snapshot that is read. Its entries are read in memory and never
// become files, so that no path in it can do harm.
type Archive struct {
	Index Index

	name    string
	file    io.ReaderAt
	close   func() error
	size    int64
	entries map[string]Entry
}

// Open reads an archive's table of contents. A file that is no snapshot, is cut
// off or damaged gives an error that says so.
func Open(name string) (*Archive, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("opening snapshot: %w", err)
	}
	info, err := file.Stat()
	if err == nil && info.IsDir() {
		err = errors.New("it is a directory; a snapshot is one file")
	}
	var a *Archive
	if err == nil {
		a, err = Read(file, info.Size())
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("opening snapshot %s: %w", name, err)
	}
	a.name, a.close = name, file.Close
	return a, nil
}

// Read is Open for something that is no file.
func Read(file io.ReaderAt, size int64) (*Archive, error) {
	a := &Archive{file: file, size: size, entries: map[string]Entry{}, close: func() error { return nil }}
	place, err := a.trailer()
	if err != nil {
		return nil, err
	}
	text, err := a.read(place, maxIndex)
	if err != nil {
		return nil, fmt.Errorf("reading the table of contents: %w", err)
	}
	if err := json.Unmarshal(text, &a.Index); err != nil {
		return nil, fmt.Errorf("reading the table of contents: %w", err)
	}
	switch x := a.Index; {
	case x.Format != formatName:
		return nil, errForeign
	case x.Version != Version:
		return nil, fmt.Errorf("it has version %d of the format, and this program reads version %d; use a newer meshctl, or that which wrote it (%s)", x.Version, Version, cmp.Or(x.Program, "unknown"))
	}
	for _, e := range a.Index.Entries {
		_, twice := a.entries[e.Path]
		switch {
		case e.Offset < 0 || e.Length < 0 || e.Size < 0 || e.Size > maxEntry || e.Offset > size || e.Length > size-e.Offset:
			return nil, fmt.Errorf("the table of contents says of %q what cannot be", e.Path)
		case e.Size > freeEntry && e.Size/maxRatio > e.Length:
			return nil, fmt.Errorf("%q would become %d bytes out of %d, which no collection writes", e.Path, e.Size, e.Length)
		case twice:
			return nil, fmt.Errorf("the table of contents lists %q twice", e.Path)
		}
		a.entries[e.Path] = e
	}
	return a, nil
}

// trailer finds the index.
func (a *Archive) trailer() (Entry, error) {
	var magic [4]byte
	if _, err := a.file.ReadAt(magic[:], 0); err != nil || binary.LittleEndian.Uint32(magic[:]) != zstdMagic {
		return Entry{}, errForeign
	}
	if a.size < int64(trailerLength) {
		return Entry{}, errTruncated
	}
	t := make([]byte, trailerLength)
	if _, err := a.file.ReadAt(t, a.size-int64(trailerLength)); err != nil {
		return Entry{}, errTruncated
	}
	if binary.LittleEndian.Uint32(t) != trailerMagic || string(t[8:8+len(trailerWord)]) != trailerWord {
		return Entry{}, errTruncated
	}
	place := t[8+len(trailerWord):]
	e := Entry{
		Path:   indexPath,
		Offset: int64(binary.LittleEndian.Uint64(place)),
		Length: int64(binary.LittleEndian.Uint64(place[8:])),
	}
	if e.Offset < 0 || e.Length < 0 || e.Offset > a.size || e.Length > a.size-e.Offset {
		return Entry{}, errTruncated
	}
	return e, nil
}

// zstdMagic begins a Zstandard frame.
const zstdMagic = 0xFD2FB528

// Close lets go of the file.
func (a *Archive) Close() error { return a.close() }

// Has reports whether there is an entry.
func (a *Archive) Has(path string) bool {
	_, ok := a.entries[path]
	return ok
}

// Open reads an entry as a stream. It ends with an error if the content is
// damaged, or longer than the table of contents says.
func (a *Archive) Open(path string) (io.ReadCloser, error) {
	e, ok := a.entries[path]
	if !ok {
		return nil, &fs.PathError{Op: "read from the snapshot", Path: path, Err: fs.ErrNotExist}
	}
	return a.stream(e, e.Size)
}

func (a *Archive) stream(e Entry, limit int64) (io.ReadCloser, error) {
	zip, err := zstd.NewReader(io.NewSectionReader(a.file, e.Offset, e.Length),
		zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(8<<20), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", e.Path, err)
	}
	return &content{zip: zip, path: e.Path, rest: limit, exact: e.Path != indexPath}, nil
}

// read is a whole entry.
func (a *Archive) read(e Entry, limit int64) ([]byte, error) {
	in, err := a.stream(e, limit)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return io.ReadAll(in)
}

// content is an entry's text, no more of it than was announced.
type content struct {
	zip   *zstd.Decoder
	path  string
	rest  int64
	exact bool
}

func (c *content) Read(p []byte) (int, error) {
	if c.rest <= 0 {
		var more [1]byte
		if n, _ := c.zip.Read(more[:]); n > 0 {
			return 0, fmt.Errorf("reading %s: the content is longer than announced", c.path)
		}
		return 0, io.EOF
	}
	n, err := c.zip.Read(p[:min(int64(len(p)), c.rest)])
	c.rest -= int64(n)
	switch {
	case errors.Is(err, io.EOF) && c.rest > 0 && c.exact:
		err = fmt.Errorf("reading %s: the content is shorter than announced: %w", c.path, io.ErrUnexpectedEOF)
	case err != nil && !errors.Is(err, io.EOF):
		err = fmt.Errorf("reading %s: the archive is damaged: %w", c.path, err)
	}
	return n, err
}

func (c *content) Close() error {
	c.zip.Close()
	return nil
}
