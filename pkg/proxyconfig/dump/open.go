package dump

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"sigs.k8s.io/yaml"
)

// largestText bounds input that cannot be read as a stream: YAML and the text form
// of /clusters.
const largestText = 256 << 20

// Read reads a dump and keeps the wanted sections. It takes JSON, YAML (of a
// bootstrap), the text form of /clusters, and each of them packed with gzip.
// Errors name the line where there is one.
func Read(in io.Reader, want Section) (*Dump, error) {
	head := bufio.NewReaderSize(in, 4096)
	if magic, _ := head.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		unpacked, err := gzip.NewReader(head)
		if err != nil {
			return nil, fmt.Errorf("unpacking the dump: %w", err)
		}
		defer unpacked.Close()
		return Read(unpacked, want)
	}
	if mark, _ := head.Peek(3); bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		if _, err := head.Discard(3); err != nil {
			return nil, err
		}
	}
	first, err := firstByte(head)
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the input is empty, expected a dump of Envoy")
	}
	if err != nil {
		return nil, err
	}
	switch first {
	case '{':
		return readObject(head, want)
	case '<':
		return nil, errors.New("this is HTML, not a dump of Envoy: the answer may come from a proxy or a login page")
	case '[':
		return nil, errors.New("this is a list, not a dump of Envoy: give the answer of /config_dump as it is")
	}
	return readText(head, want)
}

// firstByte gives the first byte that is no blank, without taking it.
func firstByte(in *bufio.Reader) (byte, error) {
	for {
		c, err := in.ReadByte()
		if err != nil {
			return 0, err
		}
		switch c {
		case ' ', '\t', '\r', '\n':
		default:
			return c, in.UnreadByte()
		}
	}
}

// readText reads what is not JSON.
func readText(in io.Reader, want Section) (*Dump, error) {
	text, err := io.ReadAll(io.LimitReader(in, largestText))
	if err != nil {
		return nil, err
	}
	if isClustersText(text) {
		return readClustersText(text)
	}
	asJSON, err := yaml.YAMLToJSON(text)
	if err != nil || len(asJSON) == 0 || asJSON[0] != '{' {
		return nil, fmt.Errorf("line 1: expected a dump of Envoy (JSON), a bootstrap (YAML) or the text of /clusters, found %.40q", text)
	}
	return readObject(bytes.NewReader(asJSON), want)
}

// readObject reads JSON, and keeps its text if that is wanted.
func readObject(in io.Reader, want Section) (*Dump, error) {
	if want.Has(Whole) {
		return readWhole(in, want&^Whole)
	}
	return readJSON(in, want)
}
