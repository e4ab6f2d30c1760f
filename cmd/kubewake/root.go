package main

import (
	"context"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/kubewake/kubewake/cmd/kubewake/show"
)

// streams are what a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// app is one run of the command line: its streams and the flags that all commands share.
type app struct {
	streams
	data          string // --data
	server        string // --server
	tokenFile, ca string // --token-file, --ca: of the server
	cluster       string // --cluster
	output        string // -o
	utc           bool   // --utc
	linkRules     string // --link-rules
	linked        bool   // the question needs the index of links
	traceModes    string // --trace-modes
	filter        string // of a search, to point into when it is wrong
	started       bool   // the command line was understood so far, and its command runs
	quiet         bool   // say nothing on stderr that was not asked for: a shell is completing
}

// outputs are the values of -o.
var outputs = []string{"table", "wide", "json", "yaml", "jsonl"}

const rootLong = `kubewake records what happens in Kubernetes control planes and answers what happened, who did it, and why.

Take in an audit log (and a watch recording, if you have one), then ask about any object:

  kubewake open audit.log watch.jsonl          read and serve; ask from another shell
  kubewake import /var/log/kubernetes --data ./wake

Where questions go: to --server or $KUBEWAKE_SERVER; to the directory --data or $KUBEWAKE_DATA (if a process on this
machine holds it, to that process); else to what was opened last.

Times are RFC 3339, or relative as in -15m. Relative times count from the newest fact recorded, not from your clock,
so that -15m means the last quarter of an hour of the recording. Times are shown in local time, or with --utc in UTC.

Exit status: 0 fine; 1 an error, or nothing found; 2 the command line or the question can not be understood;
3 everything was read, but some of the input was refused; 4 what was looked at has faults (doctor, audit-policy --check, links check).`

// run does one command line and gives the exit status.
func run(ctx context.Context, args []string, s streams) int {
	a := &app{streams: s}
	root := a.root()
	root.SetArgs(args)
	command, err := root.ExecuteContextC(ctx)
	if err != nil && !a.started { // by cobra, which has no type for what it finds wrong with a command line
		err = &usageError{err}
	}
	if err != nil {
		complain(a.err, err, command.CommandPath(), a.filter)
	}
	return statusOf(err)
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "kubewake",
		Short:         "What happened in Kubernetes, who did it, and why",
		Long:          rootLong,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	root.AddGroup(&cobra.Group{ID: "take", Title: "Take in:"}, &cobra.Group{ID: "ask", Title: "Ask:"}, &cobra.Group{ID: "tend", Title: "Tend:"})
	for _, command := range []*cobra.Command{a.openCommand(), a.importCommand(), a.demoCommand(), a.serveCommand(), a.agentCommand()} {
		command.GroupID = "take"
		root.AddCommand(command)
	}
	for _, command := range []*cobra.Command{a.objectsCommand(), a.historyCommand(), a.diffCommand(), a.blameCommand(),
		a.getCommand(), a.linksCommand(), a.treeCommand(), a.searchCommand(), a.coverageCommand(), a.statCommand()} {
		command.GroupID = "ask"
		a.askFlags(command)
		root.AddCommand(command)
	}
	trace := a.traceCommand()
	trace.GroupID = "ask"
	a.askFlags(trace, "otlp", "jaeger")
	root.AddCommand(trace)
	for _, command := range []*cobra.Command{a.auditPolicyCommand(), a.doctorCommand()} {
		command.GroupID = "tend"
		root.AddCommand(command)
	}
	root.AddCommand(a.versionCommand())
	root.InitDefaultCompletionCmd()
	for _, command := range root.Commands() {
		a.marksStart(command)
	}
	return root
}

// marksStart tells errors of a command from those of the command line.
func (a *app) marksStart(command *cobra.Command) {
	run := command.RunE
	if run == nil {
		return
	}
	command.RunE = func(c *cobra.Command, args []string) error {
		a.started = true
		return run(c, args)
	}
}

// askFlags are those of every question; more are values of -o that only it has.
func (a *app) askFlags(command *cobra.Command, more ...string) {
	outputs := append(slices.Clone(outputs), more...)
	flags := command.Flags()
	flags.StringVar(&a.data, "data", "", "data directory to ask ($KUBEWAKE_DATA)")
	flags.StringVar(&a.server, "server", "", "running kubewake to ask, as http://HOST:PORT ($KUBEWAKE_SERVER)")
	a.serverFlags(flags)
	flags.StringVar(&a.cluster, "cluster", "", "cluster, where several are recorded")
	flags.StringVarP(&a.output, "output", "o", "table", strings.Join(outputs[:len(outputs)-1], ", ")+" or "+outputs[len(outputs)-1])
	flags.BoolVar(&a.utc, "utc", false, "show times in UTC")
	completeWords(command, "output", func() []string { return outputs })
	a.complete(command, "cluster", (*asker).clusters)
	check := command.PreRunE
	command.PreRunE = func(c *cobra.Command, args []string) error {
		if !slices.Contains(outputs, a.output) {
			return usagef("-o %s: want one of %s", a.output, strings.Join(outputs, ", "))
		}
		if c.Flags().Changed("data") && c.Flags().Changed("server") {
			return usagef("give --data or --server, not both")
		}
		if check != nil {
			return check(c, args)
		}
		return nil
	}
}

// style of what is written to w.
func (a *app) style(w io.Writer) show.Style {
	s := show.Style{Wide: a.output == "wide", Zone: time.Local}
	if a.utc {
		s.Zone = time.UTC
	}
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return s
	}
	s.Color = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	if width, _, err := term.GetSize(int(file.Fd())); err == nil {
		s.Width = width
	}
	return s
}

// wanted makes a usage error of what args finds wrong.
func wanted(args cobra.PositionalArgs) cobra.PositionalArgs {
	return func(command *cobra.Command, list []string) error {
		if err := args(command, list); err != nil {
			return usagef("%s: %w; usage: %s", command.Name(), err, command.UseLine())
		}
		return nil
	}
}
