package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubewake/kubewake/auditpolicy"
	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/input"
)

// policyFlags choose a policy.
type policyFlags struct {
	profile string
	level   string
	people  string // --for
	file    string // --policy
	check   string
}

func (a *app) auditPolicyCommand() *cobra.Command {
	var f policyFlags
	command := &cobra.Command{
		Use:   "audit-policy [RECORDING...]",
		Short: "Recommend an audit policy, check one, measure what its rules cost",
		Long: `Audit-policy prints a policy for the apiserver's --audit-policy-file, with the reason for each rule.

Given audit logs, it measures on them what each rule of the policy would cost: every recorded request goes to the rule that the
apiserver would choose. Where the recording lacks a body that the rule would record, it is concluded from like requests. WHO and
WHAT are the shares of all recorded changes of which the rule keeps who made them, and what became of the object.

With --check it says, with line numbers, what the apiserver would refuse or overlook in a policy, and then what kubewake
could not answer under it:
  lost   can not be answered by any means
  watch  can be answered where kubewake watches the cluster, too
  leak   the audit log would hold secrets in clear
  waste  costs, and answers nothing
Exit status of --check: 0 nothing is lost or leaks; 4 something does; 1 the apiserver would refuse the policy.

Profiles: full (the audit log alone answers everything), balanced (heads only of what nodes report and of what may hold secrets;
the watch tells the rest), minimal (who wrote what and when; the watch has to tell what it was).`,
		Example: `  kubewake audit-policy > /etc/kubernetes/audit-policy.yaml
  kubewake audit-policy --check /etc/kubernetes/audit-policy.yaml
  kubewake audit-policy /var/log/kubernetes/audit*.log --profile minimal
  kubewake audit-policy audit.log --policy mine.yaml -o json`,
	}
	flags := command.Flags()
	flags.StringVar(&f.profile, "profile", string(auditpolicy.Balanced), "full, balanced or minimal")
	flags.StringVar(&f.level, "level", "", "highest level of any rule: Metadata, Request or RequestResponse")
	flags.StringVar(&f.people, "for", "all", "whose requests to record: people or all")
	flags.StringVar(&f.file, "policy", "", "measure the policy in this file instead of the recommended one")
	flags.StringVar(&f.check, "check", "", "check the policy in this file")
	flags.StringVarP(&a.output, "output", "o", "table", "of measures and checks: table or json")
	command.RunE = func(command *cobra.Command, paths []string) error {
		if a.output != "table" && a.output != "json" {
			return usagef("-o %s: want table or json", a.output)
		}
		if f.check != "" {
			if len(paths) > 0 || f.file != "" {
				return usagef("--check takes one policy and no recordings; measure with --policy")
			}
			return a.checkPolicy(f.check)
		}
		p, err := f.policy()
		if err != nil {
			return err
		}
		if len(paths) == 0 {
			if f.file != "" {
				return usagef("--policy is measured on recordings: name some; or use --check %s", f.file)
			}
			_, err := io.WriteString(a.out, p.String())
			return err
		}
		meter := auditpolicy.NewMeter(p)
		if _, err := input.Read(command.Context(), paths, input.Options{Redactor: redact.Off(), Stdin: a.in, Events: meter.Add}, ignoreRecords); err != nil {
			return fmt.Errorf("measure %s: %w", strings.Join(paths, " "), err)
		}
		costs := meter.Costs()
		if a.output == "json" {
			return printJSON(a.out, costs)
		}
		return showCosts(a.out, a.err, costs)
	}
	return command
}

// ignoreRecords is a sink for readings that look at the lines alone.
func ignoreRecords(context.Context, []*record.Record) error { return nil }

func (f *policyFlags) policy() (*auditpolicy.Policy, error) {
	if f.file != "" {
		return readPolicy(f.file)
	}
	o := auditpolicy.Options{Profile: auditpolicy.Profile(f.profile), Level: record.ParseLevel(f.level), People: f.people == "people"}
	switch {
	case !slices.Contains(auditpolicy.Profiles(), o.Profile):
		return nil, usagef("--profile %s: want full, balanced or minimal", f.profile)
	case f.level != "" && o.Level < record.LevelMetadata:
		return nil, usagef("--level %s: want Metadata, Request or RequestResponse", f.level)
	case f.people != "people" && f.people != "all":
		return nil, usagef("--for %s: want people or all", f.people)
	}
	return auditpolicy.Recommend(o), nil
}

func readPolicy(file string) (*auditpolicy.Policy, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read policy: %w", err)
	}
	return auditpolicy.Parse(file, text)
}

// errFound: what was looked at has faults; they were printed already.
var errFound = errors.New("something is amiss")

func (a *app) checkPolicy(file string) error {
	p, err := readPolicy(file)
	if err != nil {
		return err
	}
	findings := p.Check()
	bad := slices.ContainsFunc(findings, func(f auditpolicy.Finding) bool {
		return f.Severity == auditpolicy.Lost || f.Severity == auditpolicy.Leak
	})
	if a.output == "json" {
		if findings == nil {
			findings = []auditpolicy.Finding{}
		}
		err = printJSON(a.out, findings)
	} else {
		err = showFindings(a.out, file, p, findings)
	}
	if err == nil && bad {
		return errFound
	}
	return err
}

func showFindings(w io.Writer, file string, p *auditpolicy.Policy, findings []auditpolicy.Finding) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d rules, as the apiserver reads them.\n", file, len(p.Rules))
	if len(findings) == 0 {
		b.WriteString("Under it everything can be answered.\n")
	}
	for _, f := range findings {
		fmt.Fprintf(&b, "\n%-5s  %s\n", f.Severity, f.Sentence)
		if len(f.Objects) > 0 {
			fmt.Fprintf(&b, "       objects: %s\n", someOf(f.Objects, 8))
		}
		for _, n := range f.Rules {
			if n == 0 {
				b.WriteString("       no rule matches\n")
				continue
			}
			r := &p.Rules[n-1]
			fmt.Fprintf(&b, "       rule %d, line %d: %s for %s\n", n, r.Line, r.Level, r.Words())
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func someOf(words []string, most int) string {
	if len(words) <= most+1 {
		return strings.Join(words, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(words[:most], ", "), len(words)-most)
}

func showCosts(out, notes io.Writer, c *auditpolicy.Costs) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) } // Flush gives the error
	line("RULE\tLEVEL\tEVENTS\tBYTES\tEVENTS/DAY\tBYTES/DAY\tSHARE\tWHO\tWHAT\tMATCHES\n")
	row := func(name string, r auditpolicy.RuleCost) {
		line("%s\t%s\t%d\t%s\t%.0f\t%s\t%s\t%s\t%s\t%s\n", name, r.Level, r.Events, bytesText(float64(r.Bytes)), r.EventsPerDay, bytesText(r.BytesPerDay),
			shareText(float64(r.Bytes), float64(c.Total.Bytes)), shareText(r.Who, 1), shareText(r.What, 1), r.Matches)
	}
	for _, r := range c.Rules {
		name := fmt.Sprint(r.Rule)
		if r.Rule == 0 {
			name = "-"
		}
		if r.Events == 0 && r.Recorded > 0 {
			r.Matches += fmt.Sprintf(" (leaves out %d)", r.Recorded)
		}
		row(name, r)
	}
	row("total", c.Total)
	if err := w.Flush(); err != nil {
		return err
	}
	said := c.Notes
	if !c.From.IsZero() {
		said = slices.Insert(slices.Clone(said), 0, fmt.Sprintf("The recording: %d events, %s, from %s to %s.", c.Events, bytesText(float64(c.Bytes)),
			c.From.UTC().Format(time.DateTime), c.To.UTC().Format(time.DateTime)))
	}
	for _, note := range said {
		if _, err := fmt.Fprintln(notes, note); err != nil {
			return err
		}
	}
	return nil
}

func shareText(part, whole float64) string {
	if whole == 0 || part == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100*part/whole)
}

// bytesText is a number of bytes in decimal units: "4.9 MB".
func bytesText(n float64) string {
	units := [...]string{"B", "kB", "MB", "GB", "TB"}
	u := 0
	for n >= 999.5 && u < len(units)-1 {
		n /= 1000
		u++
	}
	if u == 0 || n >= 100 {
		return fmt.Sprintf("%.0f %s", n, units[u])
	}
	return fmt.Sprintf("%.1f %s", n, units[u])
}
