package resource

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"sigs.k8s.io/yaml"
)

// EncodeYAML writes a value as one YAML document with sorted keys, preceded
// by a document marker.
func EncodeYAML(w io.Writer, value any) error {
	data, err := yaml.Marshal(value)
	if err != nil {
		return fmt.Errorf("encoding YAML: %w", err)
	}
	_, err = fmt.Fprintf(w, "---\n%s", data)
	return err
}

// WriteFile replaces a file as a whole: readers see the old content or the
// new one, never a part, and a failed write leaves the old one in place.
// The mode of an existing file is kept; a new one gets 0644.
func WriteFile(name string, data []byte) error { return writeFile(name, data, 0) }

// WritePrivateFile is WriteFile for what may hold secrets: nobody but the owner
// can read the file, also if it existed with another mode.
func WritePrivateFile(name string, data []byte) error { return writeFile(name, data, 0o600) }

func writeFile(name string, data []byte, mode os.FileMode) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("writing %s: %w", name, unwrapPath(err))
		}
	}()
	// A symbolic link stays one: what it points to is replaced.
	if target, err := filepath.EvalSymlinks(name); err == nil {
		name = target
	}
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return writeInto(name, data)
	}
	temp, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name()) // fails once renamed, which is as it should be
	if mode == 0 {
		mode = 0o644
		if info, err := os.Stat(name); err == nil {
			mode = info.Mode().Perm()
		}
	}
	if _, err = temp.Write(data); err == nil {
		err = temp.Chmod(mode)
	}
	if closeErr := temp.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return os.Rename(temp.Name(), name)
}

// writeInto writes to a device or pipe, which must not be replaced.
func writeInto(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return err
}
