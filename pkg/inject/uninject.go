package inject

// Uninject takes the proxies out of the workloads of a YAML or JSON stream and
// gives them back their probes, labels and annotations. Everything that has
// no proxy is copied byte for byte.
//
// Where an injected pod does not tell what it was before, the comment that
// Stream leaves above it does. Without that, as in objects read from a
// cluster, labels and annotations that injection would have set count as set
// by injection.
func Uninject(file string, text []byte) Result {
	return eachDocument(file, text, func([]*document) {}, uninject)
}

func uninject(s subject) outcome {
	report := reportOf(s.object)
	w, err := readWorkload(s.kind, s.object.JSON, false)
	if err == nil && w != nil && s.kind.Kind == "CronJob" {
		if _, injected := StatusOf(w.meta.Annotations); !injected {
			w, err = readWorkload(s.kind, s.object.JSON, true)
		}
	}
	if err != nil {
		return outcome{report: report.at(s.object, err).fail(err)}
	}
	if w == nil {
		report.Outcome = Foreign
		return outcome{report: report}
	}
	pod := w.pod()
	status, injected := StatusOf(pod.Annotations)
	if !injected {
		report.Outcome, report.Reason = Skipped, "it has not been injected"
		return outcome{report: report}
	}
	pod, err = original(pod, w.owner, s.comment)
	if err != nil {
		return outcome{report: report.fail(err)}
	}
	if err := w.setPod(pod); err != nil {
		return outcome{report: report.fail(err)}
	}
	result, lost, err := w.result()
	if err != nil {
		return outcome{report: report.fail(err)}
	}
	object, err := asMap(result)
	if err != nil {
		return outcome{report: report.fail(err)}
	}
	if s.kind.Kind == "DeploymentConfig" {
		withoutDeploymentConfigDefaults(object)
	}
	report.Unknown, report.Lost = w.unknownIn(s.object), lost
	report.Outcome, report.Revision, report.Changed = Restored, status.Revision, true
	return outcome{object: withoutZeros(object), report: report}
}

// withoutZeros drops the empty fields that Go types always write and people
// never do.
func withoutZeros(object map[string]any) map[string]any {
	for key, value := range object {
		switch value := value.(type) {
		case map[string]any:
			withoutZeros(value)
			if len(value) == 0 && alwaysWritten(key) || key == "status" && allZero(value) {
				delete(object, key)
			}
		case []any:
			for _, item := range value {
				if m, ok := item.(map[string]any); ok {
					withoutZeros(m)
				}
			}
		case nil:
			delete(object, key)
		}
	}
	return object
}

func alwaysWritten(key string) bool {
	switch key {
	case "status", "strategy", "updateStrategy", "resources", "metadata", "annotations", "labels":
		return true
	}
	return false
}

func allZero(m map[string]any) bool {
	for _, value := range m {
		switch value := value.(type) {
		case int64:
			if value != 0 {
				return false
			}
		case map[string]any:
			if !allZero(value) {
				return false
			}
		default:
			return false
		}
	}
	return true
}
