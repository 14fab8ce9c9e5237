package addons

// Dashboard describes one of Grafana's dashboards by what it asks, not by how
// Grafana writes that down. In queries, $NAME stands for a variable.
type Dashboard struct {
	Name      string // of its file and in its URL
	Title     string
	About     string
	Variables []Variable
	Rows      []Row
	// KialiVariables tell Kiali how to link to it: its name of a variable and that
	// of the URL, as YAML without braces.
	KialiVariables string
}

// Variable is a choice at the top of a dashboard: the values that a label has
// in a metric.
type Variable struct {
	Name, Title   string
	Metric, Label string
}

// Row is a headline and the panels below it, side by side.
type Row struct {
	Title  string
	Panels []Panel
}

// Kind is how a panel shows its numbers.
type Kind string

// The kinds of panels, by Grafana's names.
const (
	Graph  Kind = "timeseries"
	Number Kind = "stat"
	Table  Kind = "table" // one line for each series, one column for each query
)

// Panel is one picture.
type Panel struct {
	Title string
	About string // shown on demand
	Kind  Kind   // Graph if empty
	Unit  string // by Grafana's name
	// Max is the top of the scale, where there is one.
	Max     float64
	Queries []Query
}

// Query is one question in PromQL.
type Query struct {
	Legend string // {{label}} stands for a label; the column's title in a table
	PromQL string
	Unit   string // in a table, where it is not the panel's
}

// Dashboards lists them in the order in which Grafana shows them.
func Dashboards() []Dashboard {
	return []Dashboard{meshDashboard(), serviceDashboard(), workloadDashboard(), controlPlaneDashboard()}
}

// Units, by Grafana's names.
const (
	requests = "reqps"
	share    = "percentunit"
	millis   = "ms"
	seconds  = "s"
	size     = "bytes"
	sizeps   = "Bps"
	cores    = "none"
	count    = "short"
	persec   = "ops"
)
