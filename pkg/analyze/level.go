package analyze

import (
	"fmt"
	"strings"
)

// Level says how much a finding matters.
type Level int

// Levels, from harmless to harmful.
const (
	Info Level = iota
	Warning
	Error
)

// Levels lists the names of all levels, from harmless to harmful.
func Levels() []string { return []string{"Info", "Warning", "Error"} }

func (l Level) String() string {
	if l < Info || l > Error {
		return fmt.Sprintf("Level(%d)", int(l))
	}
	return Levels()[l]
}

// ParseLevel reads a level's name in any case.
func ParseLevel(name string) (Level, error) {
	for i, known := range Levels() {
		if strings.EqualFold(name, known) {
			return Level(i), nil
		}
	}
	return 0, fmt.Errorf("unknown level %q: must be one of %s", name, strings.Join(Levels(), ", "))
}

// MarshalText makes JSON and YAML show the level's name.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (l *Level) UnmarshalText(text []byte) (err error) {
	*l, err = ParseLevel(string(text))
	return err
}
