package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubewake/kubewake/serve"
	"github.com/kubewake/kubewake/testdata/demo"
)

// demoCluster is what the demo's cluster is called unless --cluster says otherwise.
const demoCluster = "demo"

func (a *app) demoCommand() *cobra.Command {
	o := &opening{hints: demoHints}
	command := &cobra.Command{
		Use:   "demo",
		Short: "Open a recorded incident to try things on",
		Long: `Demo opens a small recording that this program carries: a Deployment is created, scaled, rolled, rolled badly and rolled
back, paused, and deleted, by several people and a robot, on a real control plane. It serves until Ctrl-C; ask from another shell.`,
		Example: `  kubewake demo
  kubewake history deploy/web -n shop        # in another shell`,
		Args: wanted(cobra.NoArgs),
	}
	o.in = a.intakeFlags(command)
	flags := command.Flags()
	flags.StringVar(&a.data, "data", "", "keep it in this directory instead of the cache")
	flags.StringVar(&o.listen, "listen", serve.DefaultListen, "address to serve on; if the port is in use, a free one")
	jaegerFlags(flags, &o.jaeger)
	command.RunE = func(command *cobra.Command, _ []string) (err error) {
		dir, err := os.MkdirTemp("", "kubewake-demo-")
		if err != nil {
			return fmt.Errorf("unpack the demo: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		if err := unpack(demo.Files, dir); err != nil {
			return fmt.Errorf("unpack the demo: %w", err)
		}
		o.paths = []string{dir}
		if a.cluster == "" {
			a.cluster = demoCluster
		}
		if err := a.place(o); err != nil {
			return err
		}
		return a.open(command.Context(), o)
	}
	return command
}

// unpack writes the recording's files below dir; what is no recording stays behind.
func unpack(files fs.FS, dir string) error {
	return fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if !strings.Contains(filepath.Base(path), ".json") {
			return nil
		}
		content, err := fs.ReadFile(files, path)
		if err != nil {
			return err
		}
		to := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return err
		}
		return os.WriteFile(to, content, 0o600)
	})
}

func demoHints(url string) string {
	return "serving on " + url + " until Ctrl-C; from another shell, try:" + strings.ReplaceAll(`

  kubewake history deploy/web -n shop                         what happened to it, and who did it
  kubewake diff deploy/web -n shop --from -27s --to -26s      the bad roll
  kubewake blame deploy/web -n shop --path spec --at -20s     who set which field
  kubewake get deploy/web -n shop --at -20s                   how it looked twenty seconds before the end
  kubewake trace deploy/web -n shop                           it and all that belongs to it, on one time line
  kubewake links svc/web -n shop --at -20s                    what the Service reached then
  kubewake search 'request.code >= 400'                       what failed
  kubewake coverage                                           what could not be seen
`, "  kubewake ", "  "+callMe()+" ")
}
