package install

func validate(tree Values) ([]Problem, []string) { return nil, nil }

func (s *sources) explain(err error) error { return err }

func legacyValuesNote(values Values) string { return "" }
