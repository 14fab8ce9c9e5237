package addons

import (
	"encoding/base64"
	"fmt"
	"io"
)

// NewPassword makes a password of 24 characters (144 bits) from a source of
// randomness.
func NewPassword(random io.Reader) (string, error) {
	bytes := make([]byte, 18)
	if _, err := io.ReadFull(random, bytes); err != nil {
		return "", fmt.Errorf("making a password: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(bytes), nil
}
