package resource

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// StdinName is the path that stands for standard input, and Stdin how
// findings name it.
const (
	StdinName = "-"
	Stdin     = "stdin"
)

// File is a file's text under the name by which the user knows it.
type File struct {
	Name string
	Data []byte
}

// ReadFiles reads the named files; a directory stands for all the .yaml, .yml
// and .json files below it in lexical order, "-" for stdin. It fails for a
// path that cannot be read and for a directory that holds no such file.
func ReadFiles(paths []string, stdin io.Reader) ([]File, error) {
	var files []File
	err := eachFile(paths, stdin, func(f File) { files = append(files, f) })
	return files, err
}

// eachFile calls read for each file that ReadFiles reads.
func eachFile(paths []string, stdin io.Reader, read func(File)) error {
	var failures []error
	for _, path := range paths {
		if err := readPath(path, stdin, read); err != nil {
			failures = append(failures, err)
		}
	}
	return errors.Join(failures...)
}

func readPath(path string, stdin io.Reader, read func(File)) error {
	if path == StdinName {
		data, err := io.ReadAll(stdin)
		if err != nil {
			return fmt.Errorf("reading stdin: %w", err)
		}
		read(File{Stdin, data})
		return nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("reading %s: %w", path, unwrapPath(err))
	}
	names := []string{path}
	if info.IsDir() {
		if names, err = manifestsBelow(path); err != nil {
			return err
		}
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return fmt.Errorf("reading %s: %w", name, unwrapPath(err))
		}
		read(File{name, data})
	}
	return nil
}

func manifestsBelow(dir string) ([]string, error) {
	var names []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && IsManifest(path) {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading directory %s: %w", dir, unwrapPath(err))
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("reading directory %s: it holds no .yaml, .yml or .json file", dir)
	}
	return names, nil
}

// IsManifest reports whether a file's name says that it holds YAML or JSON.
func IsManifest(name string) bool {
	return slices.Contains([]string{".yaml", ".yml", ".json"}, strings.ToLower(filepath.Ext(name)))
}

// unwrapPath drops the operation and path that package os puts before the
// reason, because the messages here name the path themselves.
func unwrapPath(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

// Load reads the objects of files, directories and stdin; see ReadFiles and
// Parse. Of one file at a time the text as a whole is in memory.
func Load(paths []string, stdin io.Reader) ([]*Object, []*Problem, error) {
	var objects []*Object
	var problems []*Problem
	err := eachFile(paths, stdin, func(f File) {
		o, p := Parse(f.Name, f.Data)
		objects = append(objects, o...)
		problems = append(problems, p...)
	})
	if err != nil {
		return nil, nil, err
	}
	return objects, problems, nil
}
