package diff

// Mirror turns a result round: what it says of the way from a to b, the mirror says
// of the way back.
func Mirror(r Result) Result {
	out := Result{Resources: make([]Resource, len(r.Resources)), Notes: r.Notes}
	for i, res := range r.Resources {
		res.Op = res.Op.mirror()
		changes := make([]Change, len(res.Changes))
		for j, c := range res.Changes {
			c.Op = c.Op.mirror()
			c.Before, c.After = c.After, c.Before
			c.From, c.To = c.To, c.From
			changes[j] = c
		}
		res.Changes = changes
		out.Resources[i] = res
	}
	return out
}
