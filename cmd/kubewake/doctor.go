package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubewake/kubewake/doctor"
	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/engine/remote"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store/pebble"
)

// doctorFlags say what to look at, and with whose rights.
type doctorFlags struct {
	doctor.Credentials
	as        string
	noCluster bool
	webhook   string
	ignore    []string
}

func (a *app) doctorCommand() *cobra.Command {
	var f doctorFlags
	command := &cobra.Command{
		Use:   "doctor",
		Short: "What is missing from a running kubewake or its cluster, and how to mend it",
		Long: `Doctor looks at a running kubewake (or at a data directory) and at the cluster that it records, and says what is missing and how to
mend it, with text to paste: audit events that do not arrive, an audit policy that is too low, events that the apiserver dropped,
rights that are not granted, clocks that disagree, holes in the watch, a disk that fills, certificates that expire.
It changes nothing. It can do with either alone.

The kubewake is the one of --server or --data (or what was opened last); the cluster is that of --kubeconfig and --context, else of
$KUBECONFIG or ~/.kube/config where there is one. --as asks for the rights of another user, mostly kubewake's own service account;
your own credentials must be allowed to create subjectaccessreviews for that.

What you know of and accept is left out with --ignore and the word in brackets: --ignore disk,certificate.

Exit status: 0 nothing is wrong (there may be hints); 4 a failure or a warning was found; 1 it could not be looked; 2 the command line can
not be understood, or names nothing to look at.`,
		Example: `  kubewake doctor --server http://127.0.0.1:7575 --context prod
  kubewake doctor --context prod --as system:serviceaccount:kubewake:kubewake
  kubewake doctor --data ./wake --no-cluster -o json`,
		Args: wanted(cobra.NoArgs),
	}
	flags := command.Flags()
	flags.StringVar(&a.data, "data", "", "data directory to look at ($KUBEWAKE_DATA)")
	flags.StringVar(&a.server, "server", "", "running kubewake to look at, as http://HOST:PORT ($KUBEWAKE_SERVER)")
	flags.StringVar(&a.cluster, "cluster", "", "name of the recorded cluster (default: all)")
	a.serverFlags(flags)
	flags.StringVar(&f.Kubeconfig, "kubeconfig", "", "credentials of the cluster")
	flags.StringVar(&f.Context, "context", "", "context of the kubeconfig")
	flags.StringVar(&f.as, "as", "", "ask for the rights of this user")
	flags.BoolVar(&f.InCluster, "in-cluster", false, "use the credentials of the pod that this runs in")
	flags.BoolVar(&f.noCluster, "no-cluster", false, "look at no cluster")
	flags.StringVar(&f.webhook, "webhook-url", "", "where apiservers reach kubewake: its certificate is looked at, and it is put into what is to be pasted")
	flags.StringSliceVar(&f.ignore, "ignore", nil, "leave out what these checks find: "+strings.Join(doctor.Checks(), ", "))
	completeWords(command, "ignore", doctor.Checks)
	flags.StringVarP(&a.output, "output", "o", "table", "table or json")
	completeWords(command, "output", func() []string { return []string{"json", "table"} })
	command.ValidArgsFunction = cobra.NoFileCompletions
	command.RunE = func(command *cobra.Command, _ []string) error {
		if a.output != "table" && a.output != "json" {
			return usagef("-o %s: want table or json", a.output)
		}
		for _, name := range f.ignore {
			if !slices.Contains(doctor.Checks(), name) {
				return usagef("--ignore %s: there is no such check; there are %s", name, strings.Join(doctor.Checks(), ", "))
			}
		}
		return a.doctor(command.Context(), &f)
	}
	return command
}

func (a *app) doctor(ctx context.Context, f *doctorFlags) (err error) {
	seen := doctor.Seen{Now: time.Now(), WebhookURL: f.webhook, Ignore: f.ignore}
	cluster, err := f.cluster()
	if err != nil {
		return err
	}
	if cluster != nil {
		seen.Cluster = doctor.LookAtCluster(ctx, *cluster)
	}
	if a.somethingRecorded() {
		if seen.Instance, err = a.lookAtInstance(ctx); err != nil {
			return err
		}
	}
	if f.webhook != "" {
		seen.Receiver, seen.ReceiverErr = doctor.LookAtTLS(ctx, "the receiver of audit batches", f.webhook)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if seen.Instance == nil && seen.Cluster == nil {
		return usagef("nothing to look at: name a running kubewake with --server, a data directory with --data, or a cluster with --kubeconfig and --context")
	}
	report := doctor.Examine(seen)
	if a.output == "json" {
		err = printJSON(a.out, report)
	} else {
		err = showReport(a.out, report)
	}
	if worst := report.Worst(); err == nil && (worst == doctor.Failure || worst == doctor.Warning) {
		return errFound
	}
	return err
}

// somethingRecorded reports whether a kubewake or its data is named, or was opened before.
func (a *app) somethingRecorded() bool {
	return a.server != "" || a.data != "" || os.Getenv("KUBEWAKE_SERVER") != "" || os.Getenv("KUBEWAKE_DATA") != "" || lastOpened() != ""
}

// lookAtInstance looks at a server, at the process that serves a directory, or at the directory.
func (a *app) lookAtInstance(ctx context.Context) (*doctor.Instance, error) {
	server, dir := a.server, a.data
	if server == "" && dir == "" {
		server, dir = os.Getenv("KUBEWAKE_SERVER"), os.Getenv("KUBEWAKE_DATA")
	}
	if server == "" && dir == "" {
		dir = lastOpened()
		a.say("looking at %s, opened last (--data or --server names another)", dir)
	}
	if server == "" {
		if address, err := pebble.ReadAddress(dir); err == nil {
			server = strings.TrimSpace(address)
		}
	}
	if server != "" {
		client, err := a.httpClient(server)
		if err != nil {
			return nil, err
		}
		client.Timeout = time.Minute
		if !strings.Contains(server, "://") {
			server = "http://" + server
		}
		e, err := remote.New(server, client)
		if err != nil {
			return nil, &usageError{err}
		}
		seen := doctor.LookAtInstance(ctx, doctor.InstanceConfig{URL: server, Client: client, Engine: e, Cluster: record.Cluster(a.cluster)})
		if seen.Health.Err == nil || dir == "" {
			return a.withDisk(seen, dir), nil
		} // else the process that wrote its address there has ended
	}
	asker, err := a.openData(ctx, dir)
	if err != nil {
		return nil, err
	}
	seen := doctor.LookAtInstance(ctx, doctor.InstanceConfig{Engine: engine.Engine(asker), Cluster: record.Cluster(a.cluster)})
	return a.withDisk(seen, dir), asker.close()
}

// withDisk adds how full the disk is, where the data lies on this machine.
func (a *app) withDisk(seen *doctor.Instance, dir string) *doctor.Instance {
	if dir == "" && seen.Info != nil && isLocalURL(seen.URL) {
		dir = seen.Info.Data
	}
	if dir != "" && filepath.IsAbs(dir) || a.data == dir && dir != "" {
		seen.Disk = doctor.LookAtDisk(dir)
	}
	return seen
}

func isLocalURL(url string) bool {
	return strings.Contains(url, "://127.0.0.1:") || strings.Contains(url, "://localhost:") || strings.Contains(url, "://[::1]:")
}

// cluster finds the credentials; nil: there is no cluster to look at.
func (f *doctorFlags) cluster() (*doctor.ClusterConfig, error) {
	if f.noCluster {
		if f.Credentials != (doctor.Credentials{}) {
			return nil, usagef("--no-cluster, or one that is named: not both")
		}
		return nil, nil
	}
	if f.InCluster && (f.Kubeconfig != "" || f.Context != "") {
		return nil, usagef("--in-cluster, or a kubeconfig: not both")
	}
	config, name, err := f.Load()
	if errors.Is(err, doctor.ErrNoCluster) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &doctor.ClusterConfig{Name: name, Config: config, As: f.as}, nil
}

func showReport(w io.Writer, r *doctor.Report) error {
	var b strings.Builder
	indented := func(indent, text string) {
		for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
			b.WriteString(strings.TrimRight(indent+line, " ") + "\n")
		}
	}
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "%s [%s] %s\n", strings.ToUpper(string(f.Severity)), f.Check, f.Sentence)
		for _, e := range f.Evidence {
			indented("    ", e)
		}
		if f.Mend != "" {
			indented("  → ", f.Mend)
		}
		for _, p := range f.Paste {
			indented("  ", "into "+p.Into+":")
			indented("    | ", p.Text)
		}
		b.WriteByte('\n')
	}
	for _, s := range r.Fine {
		b.WriteString("fine     " + s + "\n")
	}
	for _, s := range r.Skipped {
		b.WriteString("skipped  " + s + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
