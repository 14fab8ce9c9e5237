package install

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// Digests are pins: image references, without digest, to "sha256:...".
type Digests map[string]string

// ReadDigests reads a list of pins. Each line holds an image and its digest,
// joined by "@" or apart; or the whole is JSON: a mapping of image to digest, or
// a list of {image, digest} as `manifest images -o json` prints it. Empty lines
// and comments (#) are left out.
func ReadDigests(f File) (Digests, error) {
	digests := Digests{}
	switch text := strings.TrimSpace(string(f.Data)); {
	case strings.HasPrefix(text, "{"):
		var pins map[string]string
		if err := json.Unmarshal(f.Data, &pins); err != nil {
			return nil, fmt.Errorf("reading %s: expected a mapping of image to digest: %w", f.Name, err)
		}
		for image, digest := range pins {
			if err := digests.add(image, digest); err != nil {
				return nil, fmt.Errorf("reading %s: %w", f.Name, err)
			}
		}
	case strings.HasPrefix(text, "["):
		var pins []struct{ Image, Digest string }
		if err := json.Unmarshal(f.Data, &pins); err != nil {
			return nil, fmt.Errorf("reading %s: expected a list of {image, digest}: %w", f.Name, err)
		}
		for _, pin := range pins {
			if err := digests.add(pin.Image, pin.Digest); pin.Digest != "" && err != nil {
				return nil, fmt.Errorf("reading %s: %w", f.Name, err)
			}
		}
	default:
		n := 0
		for line := range strings.Lines(text) {
			n++
			line, _, _ = strings.Cut(line, "#")
			words := strings.Fields(strings.ReplaceAll(line, "@", " "))
			if len(words) == 0 {
				continue
			}
			if len(words) != 2 {
				return nil, fmt.Errorf("reading %s:%d: expected a line such as IMAGE@sha256:DIGEST", f.Name, n)
			}
			if err := digests.add(words[0], words[1]); err != nil {
				return nil, fmt.Errorf("reading %s:%d: %w", f.Name, n, err)
			}
		}
	}
	return digests, nil
}

func (d Digests) add(image, digest string) error {
	image, _, _ = strings.Cut(image, "@")
	if !regexp.MustCompile(`^sha256:[0-9a-f]{64}$`).MatchString(digest) {
		return fmt.Errorf("the digest of %s is %q, expected sha256: and 64 hexadecimal digits", image, digest)
	}
	key := canonical(image)
	if other := d[key]; other != "" && other != digest {
		return fmt.Errorf("%s has two digests, %s and %s", image, other, digest)
	}
	d[key] = digest
	return nil
}

// canonical writes an image with its registry: those of Docker Hub come with
// and without.
func canonical(image string) string {
	i := splitImage(image, nil)
	return i.Registry + "/" + i.Repository + ":" + i.Tag
}

// Pin adds digests to the images, and lists those that have none.
func Pin(images []Image, digests Digests) (pinned []Image, without []string) {
	pinned = []Image{}
	for _, image := range images {
		if digest := digests[canonical(image.Image)]; image.Digest == "" && digest != "" {
			image.Digest = digest
			image.Image += "@" + digest
		}
		if image.Digest == "" {
			without = append(without, image.Image)
		}
		pinned = append(pinned, image)
	}
	return pinned, without
}
