package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/pkg/addons"
	"github.com/meshctl/meshctl/pkg/install"
)

type addonsInstallOptions struct {
	addonsChange
	storage        string
	storageClass   string
	passwordFile   string
	allowDowngrade bool

	password string // what the file holds
}

func newAddonsInstallCmd(e *env, runF func(context.Context, *addonsInstallOptions) error) *cobra.Command {
	o := &addonsInstallOptions{}
	cmd := &cobra.Command{
		Use:   "install [" + strings.Join(addons.Names(), " ") + "]",
		Short: "Install addons, all of them if none is named",
		Long: `Install addons, or bring those that are there to the state that this program has
for them. What else is installed is wired to the new ones, and brought up to date
with them. Running it again is safe at any time.

Grafana's password for the user admin is made up and kept in the Secret
` + addons.Secret + `; ` + "`meshctl dashboard grafana`" + ` names it. Installing again keeps it.
Give one by --grafana-admin-password-file, or make the Secret before with the keys
` + addons.UserKey + ` and ` + addons.PasswordKey + `.

Data lives as long as its pod, unless --storage asks for volumes. Volumes that are
there are used again, whether they are asked for or not.`,
		Example: `  # Look, then install all four
  meshctl addons install --plan
  meshctl addons install

  # Two of them, with volumes, in a namespace of their own
  meshctl addons install prometheus grafana -n monitoring --storage 20Gi

  # With a password from elsewhere
  pass show mesh/grafana | meshctl addons install grafana --grafana-admin-password-file - --yes`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.validate(e, args); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runAddonsInstall(cmd.Context(), e, o)
		},
	}
	o.addonsChange.register(cmd)
	fs := cmd.Flags()
	fs.BoolVar(&o.noWait, "no-wait", false, "do not wait until everything is ready")
	fs.StringVar(&o.storage, "storage", "", "`size` of a volume for each addon that keeps data, such as 10Gi")
	fs.StringVar(&o.storageClass, "storage-class", "", "`name` of the class of new volumes")
	fs.StringVar(&o.passwordFile, "grafana-admin-password-file", "", "`file` with the password of Grafana's user admin (- for standard input)")
	fs.BoolVar(&o.allowDowngrade, "allow-downgrade", false, "go back to an older version than the one that is installed")
	return cmd
}

func (o *addonsInstallOptions) validate(e *env, names []string) error {
	if err := o.addonsChange.validate(names); err != nil {
		return err
	}
	if len(o.names) == 0 {
		o.names = addons.Names()
	}
	switch {
	case o.storageClass != "" && o.storage == "":
		return usagef("--storage-class needs --storage: how big the volumes are to be")
	case o.passwordFile != "" && !slices.Contains(o.names, "grafana"):
		return usagef("--grafana-admin-password-file needs grafana among the addons")
	case o.passwordFile == "-" && !o.yes && !o.onlyLooks():
		return usagef("the password is read from standard input, so nobody can be asked: give --yes")
	}
	if o.storage != "" {
		if _, err := addons.ParseSize(o.storage); err != nil {
			return usagef("--storage: %w", err)
		}
	}
	password, err := e.readPassword(o.passwordFile)
	o.password = password
	return err
}

// readPassword reads a file of one line, "" for none.
func (e *env) readPassword(file string) (string, error) {
	var data []byte
	var err error
	switch file {
	case "":
		return "", nil
	case "-":
		data, err = io.ReadAll(io.LimitReader(e.in, 1<<16))
	default:
		data, err = os.ReadFile(file)
	}
	if err != nil {
		return "", usagef("reading Grafana's password: %w", err)
	}
	password, err := addons.ReadPassword(string(data))
	if err != nil {
		return "", usagef("reading Grafana's password from %s: %w", file, err)
	}
	return password, nil
}

func runAddonsInstall(ctx context.Context, e *env, o *addonsInstallOptions) error {
	return o.run(ctx, e, func(ctx context.Context, have *installedAddons) (*wantedAddons, error) {
		w := &wantedAddons{
			options: have.options(e, append(have.names(), o.names...)),
			keep:    have.data,
		}
		if !o.allowDowngrade {
			if err := have.checkVersions(w.options.Addons); err != nil {
				return nil, err
			}
		}
		for _, name := range o.names {
			if addon, err := addons.Named(name); err == nil && addon.Stores && o.storage != "" {
				w.options.Volumes[name] = addons.Volume{Size: o.storage, Class: cmp.Or(o.storageClass, have.volumes[name].Class)}
			}
		}
		if err := o.setPassword(e, have, w); err != nil {
			return nil, err
		}
		w.after = append(w.after, o.hints(ctx, e)...)
		return w, nil
	})
}

// options are those by which addons are rendered as they are.
func (a *installedAddons) options(e *env, names []string) addons.Options {
	o := addons.Options{
		Addons: names, Namespace: e.addonsNamespace(),
		Volumes: maps.Clone(a.volumes),
	}
	if a.ours() {
		o.Password = string(a.secret.Data[addons.PasswordKey])
		o.PasswordSet = a.secret.Annotations[addons.PasswordSetAnnotation]
	}
	return o
}

// data tells what outlives its addon: volumes, and the password for what one
// of them holds.
func (a *installedAddons) data(o *install.Object) bool {
	return o.Kind == "PersistentVolumeClaim" || o.Kind == "Secret" && a.volumes["grafana"].Size != ""
}

// setPassword finds the password of Grafana: the one given, the one that is
// there, or a new one.
func (o *addonsInstallOptions) setPassword(e *env, have *installedAddons, w *wantedAddons) error {
	now := e.now().UTC().Format(time.RFC3339)
	switch {
	case !slices.Contains(w.options.Addons, "grafana"):
	case o.password != "" && have.secret != nil && !have.ours():
		return errors.New("there is a Secret " + addons.Secret + " that `meshctl addons` has not made; change the password there, or delete it first")
	case o.password != "" && o.password != w.options.Password:
		if w.options.Password != "" && have.volumes["grafana"].Size != "" {
			e.warn("Grafana keeps its users in its volume: tell it the new password by `grafana cli admin reset-admin-password` in its pod")
		}
		w.options.Password, w.options.PasswordSet = o.password, now
	case w.options.Password == "" && (have.secret == nil || have.ours()):
		password, err := addons.NewPassword(rand.Reader)
		w.options.Password, w.options.PasswordSet = password, now
		return err
	}
	return nil
}

// hints say what to do next.
func (o *addonsInstallOptions) hints(ctx context.Context, e *env) []string {
	namespace := e.addonsNamespace()
	var lines []string
	if slices.Contains(o.names, "grafana") {
		lines = append(lines, fmt.Sprintf("grafana: user and password are in Secret %s/%s", namespace, addons.Secret))
	}
	lines = append(lines, "open them with `meshctl dashboard NAME`; `meshctl dashboard list` shows what is there")
	if slices.Contains(o.names, "jaeger") && !e.tracesGoTo(ctx, addons.Collector(namespace)) {
		lines = append(lines, addons.TracingHint(namespace, e.global.istioNamespace))
	}
	return lines
}

// tracesGoTo tells whether the mesh knows of a collector already. Where that
// cannot be told it does not.
func (e *env) tracesGoTo(ctx context.Context, collector string) bool {
	cluster, err := e.meshCluster()
	if err != nil {
		return false
	}
	found, err := cluster.Get(ctx, schema.GroupKind{Kind: "ConfigMap"}, e.global.istioNamespace, "istio")
	if err != nil {
		return false
	}
	content, err := found.Map()
	return err == nil && strings.Contains(field(content, "data", "mesh"), collector)
}
