package xds

// Cluster is config.cluster.v3.Cluster.
type Cluster struct {
	Name     string   `json:"name"`
	Type     Text     `json:"type"`
	Metadata Metadata `json:"metadata"`
}

// Discovery is how the cluster finds its endpoints. A type that is not set is the
// first of the enumeration, as in protobuf.
func (c Cluster) Discovery() string {
	switch c.Type {
	case "", "0":
		return "STATIC"
	case "1":
		return "STRICT_DNS"
	case "2":
		return "LOGICAL_DNS"
	case "3":
		return "EDS"
	case "4":
		return "ORIGINAL_DST"
	}
	return string(c.Type)
}
