package arrival

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// Push is one configuration that istiod made for all of its proxies. The number counts
// up as long as istiod runs.
type Push struct {
	Made   time.Time
	Number uint64
}

// ParsePush reads the version that istiod gives to resources, 2026-11-01T12:00:00Z/7. The
// nonces of what it sends begin with it.
func ParsePush(version string) (Push, bool) {
	made, rest, ok := strings.Cut(version, "/")
	if !ok {
		return Push{}, false
	}
	// A nonce goes on with a UUID, of which the first group may begin with digits: 36
	// characters, four of them dashes.
	const uuid = 36
	if len(rest) > uuid && strings.Count(rest[len(rest)-uuid:], "-") == 4 {
		rest = rest[:len(rest)-uuid]
	}
	at, err := time.Parse(time.RFC3339, made)
	number, badNumber := strconv.ParseUint(rest, 10, 64)
	return Push{at, number}, err == nil && badNumber == nil
}

// Events counts the notifications of changes that an istiod has handled, from its
// metrics.
func Events(metrics []byte) (count uint64, ok bool) {
	for line := range bytes.Lines(metrics) {
		if !bytes.HasPrefix(line, []byte("pilot_inbound_updates{")) {
			continue
		}
		fields := strings.Fields(string(line))
		n, err := strconv.ParseFloat(fields[len(fields)-1], 64)
		if err != nil || n < 0 {
			return 0, false
		}
		count, ok = count+uint64(n), true
	}
	return count, ok
}

// istiod waits for a moment of quiet before it makes a configuration (0.1 s by default),
// but not longer than debounceMax (PILOT_DEBOUNCE_MAX's default). quiet is that moment
// with a margin for slow machines.
const (
	quiet       = time.Second
	debounceMax = 11 * time.Second
)

// Look is what one look at an istiod has shown.
type Look struct {
	At time.Time
	// Listed tells that it has read the change.
	Listed bool
	// Newest is the latest push that was seen at any of its proxies.
	Newest Push
	// Events counts the notifications that it has handled, if Counted.
	Events  uint64
	Counted bool
}

// Istiod is what several looks at an istiod have shown.
type Istiod struct {
	listed    time.Time // when it was first seen to have read the change
	atListing Push
	newest    Push

	events     uint64
	quietSince time.Time
	last       time.Time
}

// See adds a look.
func (i *Istiod) See(l Look) {
	if l.Newest.Number < i.newest.Number {
		*i = Istiod{} // it was restarted and counts anew
	}
	if l.Newest.Number >= i.newest.Number {
		i.newest = l.Newest
	}
	if i.quietSince.IsZero() || !l.Counted || l.Events != i.events {
		i.quietSince = l.At
	}
	i.events, i.last = l.Events, l.At
	if l.Listed && i.listed.IsZero() {
		i.listed, i.atListing, i.quietSince = l.At, l.Newest, l.At
	}
}

// HasRead tells whether istiod has read the change.
func (i *Istiod) HasRead() bool { return !i.listed.IsZero() }

// Covers tells whether a proxy that got this push got the change, in either of two ways:
// istiod has made two more configurations since it read the change (the first may have
// been in the making), or it has been without work for longer than it ever waits, so that
// its latest configuration has all that it knows.
func (i *Istiod) Covers(p Push) bool {
	switch {
	case i.listed.IsZero():
		return false
	case p.Number >= i.atListing.Number+2:
		return true
	case p.Number < i.newest.Number:
		return false
	}
	return i.last.Sub(i.quietSince) >= quiet || i.last.Sub(i.listed) >= debounceMax
}
