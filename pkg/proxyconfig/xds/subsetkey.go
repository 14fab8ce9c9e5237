package xds

import (
	"strconv"
	"strings"
)

// SubsetKey is what istiod puts into the name of a cluster:
// outbound|9080|v1|reviews.shop.svc.cluster.local.
type SubsetKey struct {
	Direction, Subset, Host string
	Port                    int
}

// ParseSubsetKey reads the name of a cluster. Clusters that are not istiod's have
// the name as their host, and nothing else; ok is false then.
func ParseSubsetKey(name string) (key SubsetKey, ok bool) {
	if strings.Count(name, "|") < 3 {
		return SubsetKey{Host: name}, false
	}
	parts := strings.SplitN(name, "|", 4)
	port, _ := strconv.Atoi(parts[1])
	key = SubsetKey{Direction: parts[0], Port: port, Subset: parts[2]}
	if !strings.Contains(parts[3], "|") {
		key.Host = parts[3]
	}
	return key, true
}

// Compare orders by host, subset, port, direction.
func (k SubsetKey) Compare(other SubsetKey) int {
	if c := strings.Compare(k.Host, other.Host); c != 0 {
		return c
	}
	if c := strings.Compare(k.Subset, other.Subset); c != 0 {
		return c
	}
	if k.Port != other.Port {
		return k.Port - other.Port
	}
	return strings.Compare(k.Direction, other.Direction)
}
