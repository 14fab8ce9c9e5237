package ztunnel

import (
	"fmt"
	"slices"
	"strings"
)

// DefaultLevel is the level that ztunnel starts with.
const DefaultLevel = "info"

// Levels are those of ztunnel, the most talkative first.
func Levels() []string { return []string{"trace", "debug", "info", "warn", "error", "off"} }

// ParseLevels reads "debug" or "info,access:debug" and writes it as ztunnel takes it. The
// peer's words warning and critical, which are Envoy's, are warn and error.
func ParseLevels(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	var out []string
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		target, level := "", part
		// A target may have colons itself: ztunnel::proxy:debug.
		if at := strings.LastIndexAny(part, ":="); at >= 0 {
			target, level = part[:at], part[at+1:]
		}
		switch level {
		case "warning":
			level = "warn"
		case "critical":
			level = "error"
		}
		if !slices.Contains(Levels(), level) {
			return "", fmt.Errorf("%q is no level; expected one of %s", level, strings.Join(Levels(), ", "))
		}
		if target != "" {
			level = target + "=" + level
		}
		out = append(out, level)
	}
	return strings.Join(out, ","), nil
}

// ParseLogging reads what ztunnel answers to /logging.
func ParseLogging(text string) (level string, err error) {
	for line := range strings.Lines(text) {
		if level, ok := strings.CutPrefix(strings.TrimSpace(line), "current log level is "); ok {
			return level, nil
		}
	}
	return "", fmt.Errorf("expected the current log level, found %.60q", text)
}
