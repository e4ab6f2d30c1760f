package doctor

import (
	"fmt"
	"slices"
	"strings"
)

func (x *examination) cluster(c *Cluster) {
	if c.Err != nil {
		x.found(Finding{Check: "cluster", Severity: Failure, Sentence: fmt.Sprintf("The apiserver of %s can not be asked.", c.Name), Evidence: []string{c.Err.Error()},
			Mend: "Check kubeconfig and context; expired credentials are renewed by whoever gave them."})
		return
	}
	x.fine(fmt.Sprintf("The apiserver of %s answers (%s).", c.Name, c.Version))
	x.clock("the apiserver of "+c.Name, c.Clock)
	x.certs(c.Certs)
	x.access(c)
	x.election(c)
	if c.Metrics == nil {
		x.skipped(fmt.Sprintf("The metrics of the apiserver of %s can not be read (%v): whether it drops audit events is not known.", c.Name, c.MetricsErr))
		return
	}
	x.audit(c)
}

func (x *examination) access(c *Cluster) {
	who := who(c)
	switch {
	case c.AccessErr != nil:
		x.skipped(fmt.Sprintf("What may be read of %s could not be asked: %v.", c.Name, c.AccessErr))
	case c.Everything:
		x.fine(fmt.Sprintf("%s may list and watch everything in %s.", who, c.Name))
	default:
		var words []string
		for _, d := range c.Denied {
			words = append(words, d.Resource.String()+" ("+strings.Join(d.Verbs, ", ")+")")
		}
		x.found(Finding{Check: "rbac", Severity: Failure, Sentence: fmt.Sprintf("%s may not list and watch %d resources of %s: their states can not be recorded.", who, len(c.Denied), c.Name),
			Evidence: few(words), Mend: "Grant it, or leave them out (clusters: exclude).", Paste: clusterRole(c.As, c.Denied)})
	}
	if len(c.Broken) > 0 {
		x.found(Finding{Check: "discovery", Severity: Warning, Sentence: fmt.Sprintf("%d API groups of %s can not be discovered: nothing of them is recorded.", len(c.Broken), c.Name), Evidence: few(c.Broken),
			Mend: "Mostly the service behind an APIService is down: kubectl get apiservice."})
	}
}

// election checks what agents need that elect who watches. Whether there are such agents, only their metrics tell.
func (x *examination) election(c *Cluster) {
	stands := false
	if i := x.Instance; i != nil && i.Metrics != nil {
		_, stands = i.Metrics.Sum("kubewake_collect_leading")
		if agents, _ := i.Metrics.Sum("kubewake_intake_requests_total"); !stands && agents == 0 {
			return
		}
	}
	if c.LeasesErr != nil {
		if stands {
			x.skipped(fmt.Sprintf("Whether Leases of %s may be held could not be asked: %v.", c.Name, c.LeasesErr))
		}
		return
	}
	if len(c.LeasesDenied) == 0 {
		if stands {
			x.fine(fmt.Sprintf("%s may hold Leases in the namespace %s of %s.", who(c), electionNamespace, c.Name))
		}
		return
	}
	f := Finding{Check: "election", Severity: Hint, Sentence: fmt.Sprintf("%s may not hold Leases in the namespace %s of %s: agents that elect who watches (--elect) would never watch.", who(c), electionNamespace, c.Name),
		Evidence: []string{leases().String() + " (" + strings.Join(c.LeasesDenied, ", ") + ")"},
		Mend:     "Grant it, if agents are to elect; in another namespace if their settings name one (election.namespace).", Paste: leaseRole(c.As)}
	if stands {
		f.Severity = Failure
		f.Sentence = fmt.Sprintf("%s may not hold Leases in the namespace %s of %s: this agent stands for election (--elect) and can not win.", who(c), electionNamespace, c.Name)
	}
	x.found(f)
}

// who was asked for.
func who(c *Cluster) string {
	if c.As != "" {
		return c.As
	}
	return "These credentials"
}

// audit checks the apiserver's own counts. They begin at its start, and are those of the one apiserver that answered.
func (x *examination) audit(c *Cluster) {
	from := since(c.Metrics)
	events, _ := c.Metrics.Sum("apiserver_audit_event_total")
	if events == 0 {
		x.found(Finding{Check: "audit", Severity: Failure, Sentence: fmt.Sprintf("The apiserver of %s makes no audit events: it has no audit policy, or one that records nothing.", c.Name),
			Evidence: []string{"apiserver_audit_event_total 0" + from}, Mend: "Give each apiserver a policy and a webhook, then restart it.", Paste: x.auditFlags(c.Name)})
		return
	}
	x.fine(fmt.Sprintf("The apiserver of %s makes audit events (%.0f%s).", c.Name, events, from))
	if failed := c.Metrics.By("apiserver_audit_error_total", "plugin"); len(failed) > 0 {
		var evidence []string
		dropped := 0.0
		for _, plugin := range sortedKeys(failed) {
			dropped += failed[plugin]
			evidence = append(evidence, fmt.Sprintf("apiserver_audit_error_total{plugin=%q} %.0f%s", plugin, failed[plugin], from))
		}
		x.found(Finding{Check: "dropped", Severity: Warning, Sentence: fmt.Sprintf("The apiserver of %s has dropped %.0f audit events: what they tell of can not be said.", c.Name, dropped), Evidence: evidence,
			Mend:  "It drops what no receiver took five times within about 80 s, and what does not fit its buffer. A spool at kubewake (spool.dir) bridges a slow store; a larger buffer bridges bursts.",
			Paste: []Paste{{Into: "flags of each kube-apiserver", Text: "--audit-webhook-batch-buffer-size=50000\n--audit-webhook-batch-throttle-enable=false\n"}}})
	}
	if n, _ := c.Metrics.Sum("apiserver_audit_requests_rejected_total"); n > 0 {
		x.found(Finding{Check: "dropped", Severity: Failure, Sentence: fmt.Sprintf("The apiserver of %s refused %.0f requests because it could not audit them.", c.Name, n),
			Evidence: []string{fmt.Sprintf("apiserver_audit_requests_rejected_total %.0f%s", n, from)}, Mend: "Do not use --audit-webhook-mode=blocking-strict with a receiver that may be away; batch is the default."})
	}
	levels := c.Metrics.By("apiserver_audit_level_total", "level")
	if levels["Metadata"] > 0 && levels["Request"]+levels["RequestResponse"] == 0 {
		x.found(Finding{Check: "level", Severity: Hint, Sentence: fmt.Sprintf("The audit policy of %s records heads only (level Metadata): what changed is known from kubewake's watch alone.", c.Name),
			Evidence: counts("apiserver_audit_level_total", levels, c.Metrics), Mend: "See what another would cost: kubewake audit-policy AUDIT_LOG."})
	}
}

// together checks what neither tells alone.
func (x *examination) together() {
	i, c := x.Instance, x.Cluster
	if i == nil || c == nil || c.Err != nil || i.Info == nil || c.UID == "" {
		return
	}
	known := func(r Recorded) bool { return slices.Contains(r.Incarnations, c.UID) }
	if slices.ContainsFunc(i.Clusters, known) {
		x.fine(fmt.Sprintf("The cluster of %s is among those recorded.", c.Name))
		return
	}
	var evidence []string
	for _, r := range i.Clusters {
		if len(r.Incarnations) > 0 {
			evidence = append(evidence, fmt.Sprintf("%s is the cluster with the UID %s", r.Name, strings.Join(r.Incarnations, ", ")))
		}
	}
	if len(evidence) == 0 && len(i.Clusters) > 0 {
		x.skipped("No namespace kube-system is recorded: whether the recorded cluster is this one can not be said.")
		return
	}
	x.found(Finding{Check: "identity", Severity: Warning, Sentence: fmt.Sprintf("The cluster of %s is not among those that this kubewake has recorded.", c.Name),
		Evidence: few(append([]string{"UID of its namespace kube-system: " + c.UID}, evidence...)), Mend: "Look at the context that is recorded (--context), or let kubewake record this one.", Paste: x.auditFlags(c.Name)})
}
