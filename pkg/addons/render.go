package addons

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template"

	"github.com/meshctl/meshctl/internal/resource"
)

//go:embed manifests
var manifests embed.FS

// Object is one object of an addon.
type Object struct {
	Addon   string // the addon's name
	Content map[string]any
}

// view is what the templates see.
type view struct {
	Options
	Addon
	Has map[string]bool // by name of addon

	Volume        Volume // the addon's, without a size if it has none
	RetentionSize string // how much Prometheus may keep
	Dashboards    []Dashboard
}

// Render gives the objects of addons, in the order of All.
func Render(o Options) ([]Object, error) {
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("rendering addons: %w", err)
	}
	templates, err := template.ParseFS(manifests, "manifests/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("rendering addons: %w", err)
	}
	has := map[string]bool{}
	for _, name := range Names() {
		has[name] = slices.Contains(o.Addons, name)
	}
	var all []Object
	for _, name := range sorted(o.Addons) {
		addon, err := Named(name)
		if err != nil {
			return nil, err
		}
		v := view{Options: o, Addon: addon, Has: has, Dashboards: Dashboards(), RetentionSize: "1600MB"}
		if addon.Stores && o.Volumes[name].Size != "" {
			v.Volume = o.Volumes[name]
			if size, err := ParseSize(v.Volume.Size); err == nil { // validate has looked
				v.RetentionSize = fmt.Sprintf("%dMB", size/10*8>>20) // the rest is for what is being written
			}
		}
		objects, err := v.objects(templates)
		if err != nil {
			return nil, fmt.Errorf("rendering %s: %w", addon.Title, err)
		}
		all = append(all, objects...)
	}
	return all, nil
}

// objects are those of one addon: its configuration and what its manifest has.
func (v view) objects(templates *template.Template) ([]Object, error) {
	configs, err := v.configs()
	if err != nil {
		return nil, err
	}
	var contents []map[string]any
	for _, name := range slices.Sorted(maps.Keys(configs)) {
		contents = append(contents, map[string]any{
			"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": name}, "data": configs[name],
		})
	}
	if v.Name == "grafana" && v.Password != "" {
		contents = append(contents, v.secret())
	}
	var text strings.Builder
	parts := []string{v.Name + ".yaml"}
	if v.Volume.Size != "" {
		parts = append(parts, "claim")
	}
	for _, part := range parts {
		if err := templates.ExecuteTemplate(&text, part, v); err != nil {
			return nil, err
		}
		text.WriteString("\n---\n")
	}
	parsed, problems := resource.Parse(v.Name+".yaml", []byte(text.String()))
	if len(problems) > 0 {
		return nil, problems[0]
	}
	for _, p := range parsed {
		content, err := p.Map()
		if err != nil {
			return nil, err
		}
		contents = append(contents, content)
	}
	var objects []Object
	for _, content := range contents {
		v.mark(content, digest(configs))
		objects = append(objects, Object{v.Name, content})
	}
	return objects, nil
}

// configs are the files that the addon reads, by ConfigMap and name.
func (v view) configs() (map[string]map[string]any, error) {
	files := map[string][]string{
		"prometheus": {"prometheus.yml"},
		"grafana":    {"datasources.yaml", "dashboards.yaml"},
		"kiali":      {"config.yaml"},
		"jaeger":     {"config.yaml"},
	}[v.Name]
	data := map[string]any{}
	for _, file := range files {
		source := file
		if file == "config.yaml" {
			source = v.Name + ".yaml"
		}
		t, err := template.ParseFS(manifests, "manifests/config/"+source)
		if err != nil {
			return nil, err
		}
		var text strings.Builder
		if err := t.Execute(&text, v); err != nil {
			return nil, err
		}
		data[file] = text.String()
	}
	configs := map[string]map[string]any{v.Name: data}
	if v.Name == "grafana" {
		dashboards := map[string]any{}
		for _, d := range Dashboards() {
			text, err := d.JSON()
			if err != nil {
				return nil, err
			}
			dashboards[d.Name+".json"] = text
		}
		configs["grafana-dashboards"] = dashboards
	}
	return configs, nil
}

func (v view) secret() map[string]any {
	return map[string]any{
		"apiVersion": "v1", "kind": "Secret", "type": "Opaque",
		"metadata": map[string]any{"name": Secret, "annotations": map[string]any{PasswordSetAnnotation: v.PasswordSet}},
		// Written as the server stores it: stringData would show as a change.
		"data": map[string]any{UserKey: base64Text("admin"), PasswordKey: base64Text(v.Password)},
	}
}

// digest changes when a file does, so that the pods that read it are replaced.
func digest(configs map[string]map[string]any) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(configs)) {
		for _, file := range slices.Sorted(maps.Keys(configs[name])) {
			fmt.Fprintf(h, "%s/%s\x00%s\x00", name, file, configs[name][file])
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}
