package addons

import (
	"errors"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
)

// Options say what to render.
type Options struct {
	// Addons are the names of all that is to be there, whether it is already or
	// not: each knows of the others.
	Addons    []string
	Namespace string

	// Volumes are those that addons keep their data in, by name of the addon. One
	// that has none keeps its data as long as its pod lives.
	Volumes map[string]Volume

	// Password is that of Grafana's user admin. Without one the Secret is not
	// rendered; somebody has to make it.
	Password string
	// PasswordSet tells two passwords apart without telling them, such as by the
	// time when it was set: Grafana is restarted when it changes.
	PasswordSet string
}

// Volume is one to be claimed.
type Volume struct {
	Size  string // such as 10Gi
	Class string // the cluster's default if empty
}

// Secret is the name of the Secret that holds Grafana's user and password,
// under the keys UserKey and PasswordKey.
const (
	Secret      = "grafana-admin"
	UserKey     = "admin-user"
	PasswordKey = "admin-password"
	// PasswordSetAnnotation holds Options.PasswordSet.
	PasswordSetAnnotation = "addons.meshctl.io/password-set"
)

func (o Options) validate() error {
	for _, name := range o.Addons {
		if _, err := Named(name); err != nil {
			return err
		}
	}
	for name, volume := range o.Volumes {
		if _, err := ParseSize(volume.Size); err != nil {
			return fmt.Errorf("volume of %s: %w", name, err)
		}
	}
	return nil
}

// ParseSize reads the size of a volume, such as 10Gi, and returns its bytes.
func ParseSize(text string) (int64, error) {
	q, err := resource.ParseQuantity(text)
	if err != nil {
		return 0, fmt.Errorf("%q is no size: expected a number of bytes such as 10Gi", text)
	}
	const least = 256 << 20
	if q.Value() < least {
		return 0, fmt.Errorf("%q is too small: expected 256Mi or more", text)
	}
	return q.Value(), nil
}

// ReadPassword takes the password from what a file holds: one line.
func ReadPassword(text string) (string, error) {
	password := strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
	switch {
	case password == "":
		return "", errors.New("it is empty")
	case strings.ContainsAny(password, "\r\n"):
		return "", errors.New("it has several lines; expected the password alone")
	case len(password) > 1024:
		return "", errors.New("it is longer than 1024 bytes; is it the right file?")
	}
	return password, nil
}
