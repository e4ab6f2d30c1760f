package main

import (
	"errors"
	"os"

	"github.com/spf13/cobra"
)

func (a *app) importCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "import PATH... --data DIR",
		Short: "Take recordings in to a data directory, then exit",
		Long: `Import takes audit logs and recordings in to a data directory, beside what it holds already; a fact that is there is not
stored again. PATH is a file, a directory, a pattern, or - for standard input. What a file is, its content tells: audit.k8s.io/v1 events as
JSON lines, JSON or EventLists, in the envelopes of managed clouds, watch recordings, and lists as kubectl get -o json
prints them; plain, gzip, zstd or bzip2.

Secrets, tokens and what --redact-rules names are replaced by keyed digests before anything is written; the key lies in
DIR/redaction.key. The rules are a YAML file, for example (kind only matters where the plural is irregular):

  rules:
  - {group: farm.example, resource: oxen, kind: Ox, paths: [spec.brand, "spec.env[*].value"]}

Nothing is dropped unless --retain-age or --retain-bytes say so; what they drop leaves behind, for each object
that was alive, its last state and who set it. Exit status 3 says that everything was read, but some of the input was refused.`,
		Example: `  kubewake import audit.log watch/ --data ./wake
  kubewake import '/var/log/kubernetes/audit*.log*' --data ./wake --cluster prod
  kubewake import today.log --data ./wake --retain-age 30d
  zcat audit.log.gz | kubewake import - --data ./wake`,
		Args: wanted(cobra.MinimumNArgs(1)),
	}
	in := a.intakeFlags(command)
	command.Flags().StringVar(&a.data, "data", "", "data directory ($KUBEWAKE_DATA)")
	command.RunE = func(command *cobra.Command, paths []string) (err error) {
		if a.data == "" {
			a.data = os.Getenv("KUBEWAKE_DATA")
		}
		if a.data == "" {
			return usagef("import: where to? give --data DIR")
		}
		fingerprint, err := a.fingerprintOf(paths, in)
		if err != nil {
			return err
		}
		st, err := openForWriting(a.data)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, st.Close()) }()
		report, err := a.takeIn(command.Context(), st, a.data, fingerprint, paths, in)
		if err != nil {
			return err
		}
		remember(a.data)
		a.say("ask with --data %s", a.data)
		if refused(report) {
			return errRefused
		}
		return nil
	}
	return command
}
