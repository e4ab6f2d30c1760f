package doctor

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/internal/promtext"
	"github.com/kubewake/kubewake/record"
)

// Bounds of what is in order.
const (
	staleAudit  = 10 * time.Minute // a cluster that is alive writes more often
	skewWarning = 5 * time.Second
	skewFailure = time.Minute
	certWarning = 30 * 24 * time.Hour
	certFailure = 3 * 24 * time.Hour
	diskWarning = 0.10 // free
	diskFailure = 0.03
	spoolFull   = 0.8
	exportLate  = 10 * time.Minute
)

func (x *examination) instance(i *Instance) {
	if i.URL != "" && !x.answers(i) {
		return
	}
	x.clock("kubewake", i.Clock)
	x.certs(i.Certs)
	x.disk(i.Disk)
	if i.Err != nil {
		x.found(Finding{Check: "instance", Severity: Failure, Sentence: "kubewake can not say what it has recorded.", Evidence: []string{i.Err.Error()},
			Mend: "Look into its log; a damaged store, or a question that takes too long, is said there."})
	}
	switch {
	case i.URL == "":
		x.skipped("The directory is served by no process: what only a running kubewake tells (metrics, readiness) was not looked at.")
	case i.Metrics == nil:
		x.skipped("This kubewake has no /metrics, or does not show them: queues, spool and sources were not looked at.")
	case !i.Live():
		x.skipped("This kubewake serves a recording and takes nothing in: sources were not looked at.")
	default:
		x.sources(i)
		x.storing(i)
	}
	if i.Info == nil {
		return
	}
	if len(i.Clusters) == 0 {
		x.found(Finding{Check: "recorded", Severity: Warning, Sentence: "Nothing is recorded yet.", Mend: "Watch a cluster (clusters: in the configuration), send audit events, or import a log."})
	}
	for _, c := range i.Clusters {
		x.recorded(i, c)
	}
}

// answers checks the endpoints that say how it is; false: there is nothing more to see.
func (x *examination) answers(i *Instance) bool {
	if i.Health.Err != nil {
		x.found(Finding{Check: "instance", Severity: Failure, Sentence: fmt.Sprintf("kubewake at %s does not answer.", i.URL), Evidence: []string{i.Health.Err.Error()},
			Mend: "Start it, or name another with --server; where it serves TLS, name its CA with --ca."})
		return false
	}
	if i.Health.Status != http.StatusOK {
		x.found(Finding{Check: "instance", Severity: Failure, Sentence: fmt.Sprintf("%s does not answer as kubewake does.", i.URL),
			Evidence: []string{fmt.Sprintf("/healthz: %d %s", i.Health.Status, i.Health.Text)}, Mend: "Name the address of its API (api.listen) with --server."})
		return false
	}
	if i.Ready.Err != nil || i.Ready.Status != http.StatusOK {
		evidence := fmt.Sprintf("/readyz: %d %s", i.Ready.Status, i.Ready.Text)
		if i.Ready.Err != nil {
			evidence = "/readyz: " + i.Ready.Err.Error()
		}
		x.found(Finding{Check: "ready", Severity: Failure, Sentence: "kubewake is not ready: it can not store what it is sent. Senders keep it as long as they can, then it is lost.",
			Evidence: []string{evidence}, Mend: "Mostly the disk is full or gone: make room, or give retention.bytes; it goes on by itself."})
		return true
	}
	x.fine("kubewake answers and is ready to store.")
	return true
}

// sources checks what comes in.
func (x *examination) sources(i *Instance) {
	received, _ := i.Metrics.Sum("kubewake_webhook_events_total")
	tailed, _ := i.Metrics.Sum("kubewake_tail_events_total")
	remote, _ := i.Metrics.Sum("kubewake_intake_requests_total", "call", "batch")
	if received+tailed+remote == 0 && x.noAudit(i) {
		x.found(Finding{Check: "audit", Severity: Failure, Sentence: "No audit events arrive: who did something can not be said.",
			Evidence: []string{"No audit batch was received, no line of an audit log was read, and no agent has sent anything" + since(i.Metrics) + "."},
			Mend:     "Let each apiserver send its audit events to kubewake (receive: in the configuration), or let kubewake follow its audit log (tails:).", Paste: x.auditFlags(x.clusterName(i))})
	}
	x.received(i)
	x.tailed(i)
	x.watched(i, remote > 0)
}

// received checks what apiservers and agents sent.
func (x *examination) received(i *Instance) {
	outcomes := i.Metrics.By("kubewake_webhook_batches_total", "outcome")
	if refused := only(outcomes, "unauthorized", "forbidden", "bad"); len(refused) > 0 {
		x.found(Finding{Check: "webhook", Severity: Warning, Sentence: "Somebody sent audit batches that were refused. An apiserver sends each five times within about 80 s, then drops it.",
			Evidence: counts("kubewake_webhook_batches_total", refused, i.Metrics), Mend: "Compare the token file (receive.tokens) and the cluster in the URL with each apiserver's --audit-webhook-config-file."})
	}
	if refused := only(outcomes, "busy", "failed", "overload", "slow"); len(refused) > 0 {
		x.found(Finding{Check: "webhook", Severity: Warning, Sentence: "Some audit batches could not be taken at once. An apiserver sends each five times within about 80 s, then drops it.",
			Evidence: counts("kubewake_webhook_batches_total", refused, i.Metrics), Mend: "See what is said of storing. A spool (spool.dir) bridges a store that is slow; whether the apiserver dropped any, its own metrics tell."})
	}
	if refused := i.Metrics.By("kubewake_webhook_refused_events_total", "reason"); len(refused) > 0 {
		x.found(Finding{Check: "unreadable", Severity: Warning, Sentence: "Some audit events could not be read; each is a Gap.", Evidence: counts("kubewake_webhook_refused_events_total", refused, i.Metrics),
			Mend: "An event too large is cut by the apiserver with --audit-webhook-truncate-enabled; anything else is worth a bug report."})
	}
	if refused := only(i.Metrics.By("kubewake_intake_requests_total", "code"), "401", "403"); len(refused) > 0 {
		x.found(Finding{Check: "agents", Severity: Warning, Sentence: "Agents, or somebody else, were refused for who they are.", Evidence: counts("kubewake_intake_requests_total", refused, i.Metrics),
			Mend: "Compare the agents' tokens and clusters with the token file (receive.tokens)."})
	}
}

// only keeps some of the counts.
func only(by map[string]float64, keys ...string) map[string]float64 {
	out := map[string]float64{}
	for _, key := range keys {
		if n := by[key]; n > 0 {
			out[key] = n
		}
	}
	return out
}

// tailed checks the audit logs that are followed.
func (x *examination) tailed(i *Instance) {
	if missed := i.Metrics.By("kubewake_tail_missed_files_total", "cluster"); len(missed) > 0 {
		x.found(Finding{Check: "tail", Severity: Warning, Sentence: "Audit log files were gone before they were read to their end; each is a Gap.", Evidence: counts("kubewake_tail_missed_files_total", missed, i.Metrics),
			Mend: "Let the apiserver keep more files (--audit-log-maxbackup), larger ones (--audit-log-maxsize), or find out what slows kubewake."})
	}
	if refused := i.Metrics.By("kubewake_tail_refused_lines_total", "reason"); len(refused) > 0 {
		x.found(Finding{Check: "unreadable", Severity: Warning, Sentence: "Some lines of audit logs could not be read; each is a Gap.", Evidence: counts("kubewake_tail_refused_lines_total", refused, i.Metrics),
			Mend: "A line too long is cut with --audit-log-truncate-enabled; anything else is worth a bug report."})
	}
	for path, lag := range i.Metrics.By("kubewake_tail_lag_seconds", "path") {
		if age := time.Duration(lag * float64(time.Second)); age > staleAudit {
			x.found(Finding{Check: "tail", Severity: Warning, Sentence: fmt.Sprintf("The audit log %s is read %s behind its end.", path, age.Round(time.Minute)), Evidence: []string{fmt.Sprintf("kubewake_tail_lag_seconds %.0f", lag)},
				Mend: "After a long absence that is as it should be, and falls; else see what is said of storing."})
		}
	}
}

// watched checks the watches.
func (x *examination) watched(i *Instance, agents bool) {
	states := i.Metrics.By("kubewake_watch_resources", "state")
	if n := states["forbidden"]; n > 0 {
		x.found(Finding{Check: "rbac", Severity: Failure, Sentence: fmt.Sprintf("%.0f resources may not be watched: their states are not recorded.", n), Evidence: counts("kubewake_watch_resources", states, nil),
			Mend: "Give kubewake the right to list and watch them, or exclude them (clusters: exclude).", Paste: clusterRole("", nil)})
	}
	if n := states["failing"]; n > 0 {
		x.found(Finding{Check: "watch", Severity: Failure, Sentence: fmt.Sprintf("The watch of %.0f resources fails again and again: their states are not recorded.", n),
			Evidence: append(counts("kubewake_watch_resources", states, nil), counts("kubewake_watch_restarts_total", i.Metrics.By("kubewake_watch_restarts_total", "reason"), i.Metrics)...),
			Mend:     "Its log says why. A broken aggregated API or conversion webhook fails for everybody: kubectl get on the resource tells the same."})
	}
	if len(states) > 0 && states["forbidden"]+states["failing"] == 0 {
		x.fine(fmt.Sprintf("%.0f resources are watched.", states["watching"]))
	}
	if len(states) == 0 && !agents {
		x.found(Finding{Check: "watch", Severity: Warning, Sentence: "No cluster is watched: states, diffs and blame are known only where the audit log carries them.",
			Mend: "Name the cluster in the configuration.", Paste: []Paste{{Into: "kubewake's configuration file", Text: "clusters:\n  - name: CLUSTER\n    inCluster: true # or kubeconfig and context\n"}}})
	}
}

// noAudit reports whether no cluster has a recent request.
func (x *examination) noAudit(i *Instance) bool {
	return !slices.ContainsFunc(i.Clusters, func(c Recorded) bool { return !c.LastAudit.IsZero() && x.Now.Sub(c.LastAudit) < staleAudit })
}

// clusterName for what is to be pasted.
func (x *examination) clusterName(i *Instance) string {
	if len(i.Clusters) == 1 {
		return i.Clusters[0].Name
	}
	return ""
}

// storing checks what becomes of it.
func (x *examination) storing(i *Instance) {
	if healthy, known := i.Metrics.Sum("kubewake_ingest_healthy"); known && healthy == 0 {
		x.found(Finding{Check: "store", Severity: Failure, Sentence: "The store takes no writes.", Evidence: []string{"kubewake_ingest_healthy 0"}, Mend: "Make room on its disk, or look into its log."})
	}
	if refused := i.Metrics.By("kubewake_ingest_refused_batches_total", "reason"); refused["store"]+refused["failed"]+refused["full"] > 0 {
		x.found(Finding{Check: "store", Severity: Warning, Sentence: "Batches were refused because they could not be stored; their senders tried again.", Evidence: counts("kubewake_ingest_refused_batches_total", refused, i.Metrics),
			Mend: "A spool (spool.dir) on another disk bridges a store that is slow or full."})
	}
	if late, _ := i.Metrics.Sum("kubewake_ingest_late_records_total"); late > 0 {
		x.found(Finding{Check: "late", Severity: Hint, Sentence: fmt.Sprintf("%.0f records came after retention had dropped their time, and were left out.", late), Mend: "Keep more (retention.age), or import old logs first."})
	}
	used, known := i.Metrics.Sum("kubewake_spool_bytes")
	bound, bounded := i.Metrics.Sum("kubewake_spool_limit_bytes")
	if known && bounded && bound > 0 && used > spoolFull*bound {
		x.found(Finding{Check: "spool", Severity: Warning, Sentence: fmt.Sprintf("The spool is %.0f %% full.", 100*used/bound), Evidence: []string{fmt.Sprintf("kubewake_spool_bytes %.0f of %.0f", used, bound)},
			Mend: "What it waits for is slow or away: mend that, or give the spool more room (spool.bytes) before it refuses."})
	}
	for _, c := range sortedKeys(i.Metrics.By("kubewake_spool_denied_timestamp_seconds", "cluster")) {
		at, _ := i.Metrics.Sum("kubewake_spool_denied_timestamp_seconds", "cluster", c)
		x.found(Finding{Check: "spool", Severity: Failure, Sentence: fmt.Sprintf("The receiver refuses what is recorded of cluster %s: it waits in the spool.", c),
			Evidence: []string{fmt.Sprintf("kubewake_spool_denied_timestamp_seconds of %s: since %s", c, time.Unix(int64(at), 0).UTC().Format(time.RFC3339))},
			Mend:     "Name the cluster behind this agent's token in the receiver's token file, or give the agent a token that is known there; its log has what the receiver says."})
	}
	if n, _ := i.Metrics.Sum("kubewake_spool_refused_batches_total"); n > 0 {
		x.found(Finding{Check: "spool", Severity: Warning, Sentence: fmt.Sprintf("The spool was full: %.0f batches went back to their senders.", n), Evidence: []string{fmt.Sprintf("kubewake_spool_refused_batches_total %.0f", n) + since(i.Metrics)},
			Mend: "Give it more room (spool.bytes). What an apiserver then dropped, its own metrics tell."})
	}
	if n, _ := i.Metrics.Sum("kubewake_spool_damaged_total"); n > 0 {
		x.found(Finding{Check: "spool", Severity: Warning, Sentence: "Batches in the spool could not be read or delivered, and were left out.", Evidence: []string{fmt.Sprintf("kubewake_spool_damaged_total %.0f", n) + since(i.Metrics)},
			Mend: "Look at the disk of the spool, and into the log."})
	}
	x.exported(i)
}

// exported checks what is sent on.
func (x *examination) exported(i *Instance) {
	if lag, _ := i.Metrics.Sum("kubewake_export_lag_seconds", "queue", "out"); lag > exportLate.Seconds() {
		x.found(Finding{Check: "export", Severity: Warning, Sentence: fmt.Sprintf("The export's receiver has not taken spans for %s.", time.Duration(lag)*time.Second),
			Evidence: []string{fmt.Sprintf("kubewake_export_lag_seconds of the queue out: %.0f", lag)}, Mend: "The log says what the receiver answers (export.otlp). What waits is kept as long as the queue has room."})
	}
	if n, _ := i.Metrics.Sum("kubewake_export_dropped_records_total"); n > 0 {
		x.found(Finding{Check: "export", Severity: Warning, Sentence: fmt.Sprintf("%.0f records were stored and not exported.", n), Evidence: []string{fmt.Sprintf("kubewake_export_dropped_records_total %.0f", n) + since(i.Metrics)},
			Mend: "The export's queue was full, or its disk failed: give it more room (export.otlp.queue.bytes), or bring its receiver back sooner."})
	}
	if n, _ := i.Metrics.Sum("kubewake_export_refused_spans_total"); n > 0 {
		x.found(Finding{Check: "export", Severity: Warning, Sentence: fmt.Sprintf("The export's receiver refused %.0f spans for good.", n), Evidence: []string{fmt.Sprintf("kubewake_export_refused_spans_total %.0f", n) + since(i.Metrics)},
			Mend: "The log says why; mostly it is a limit of the receiver."})
	}
}

// since tells from when the counts of a process are.
func since(m promtext.Samples) string {
	start, known := m.Sum("process_start_time_seconds")
	if !known {
		return ""
	}
	return ", since its start at " + time.Unix(int64(start), 0).UTC().Format(time.RFC3339)
}

// counts tells samples as evidence; m is where they are from, if they are counted from a start.
func counts(name string, by map[string]float64, m promtext.Samples) []string {
	var out []string
	for _, key := range sortedKeys(by) {
		out = append(out, fmt.Sprintf("%s %s: %.0f%s", name, key, by[key], since(m)))
	}
	return out
}

// recorded checks what is in the store of one cluster.
func (x *examination) recorded(i *Instance, c Recorded) {
	if i.Live() && !c.LastAudit.IsZero() {
		if age := x.Now.Sub(c.LastAudit); age > staleAudit {
			x.found(Finding{Check: "audit", Severity: Failure, Sentence: fmt.Sprintf("The newest audit event of cluster %s is %s old: its audit events have ceased to arrive.", c.Name, age.Round(time.Minute)),
				Evidence: []string{"received by the apiserver at " + c.LastAudit.UTC().Format(time.RFC3339)}, Mend: "See that the apiservers still have these flags and reach kubewake.", Paste: x.auditFlags(c.Name)})
		} else {
			x.fine(fmt.Sprintf("Audit events of cluster %s arrive.", c.Name))
		}
	}
	if len(c.Incarnations) > 1 {
		x.found(Finding{Check: "identity", Severity: Warning, Sentence: fmt.Sprintf("Under the name %s lie records of %d clusters: it was rebuilt, or two clusters were given one name.", c.Name, len(c.Incarnations)),
			Evidence: []string{"UIDs of the namespace kube-system: " + strings.Join(c.Incarnations, ", ")}, Mend: "Give each cluster a name of its own."})
	}
	x.levels(c)
	x.holes(c)
}

// levels checks what the audit policy leaves out.
func (x *examination) levels(c Recorded) {
	var low, lost []record.GroupResource
	var evidence []string
	for _, g := range c.Gaps {
		if g.Reason != "level" || g.Scope.Resource == "" || g.Scope.Resource == "secrets" {
			continue // of Secrets it is as it should be
		}
		gr := record.GroupResource{Group: g.Scope.Group, Resource: g.Scope.Resource}
		if gr.IsEvents() || slices.Contains(low, gr) || slices.Contains(lost, gr) {
			continue
		}
		if c.Unwatched[gr.String()] {
			lost = append(lost, gr)
			evidence = append(evidence, g.Sentence)
		} else if gr != (record.GroupResource{Resource: "serviceaccounts"}) { // of their tokens it is as it should be
			low = append(low, gr)
		}
	}
	if len(lost) > 0 {
		x.found(Finding{Check: "level", Severity: Warning, Sentence: fmt.Sprintf("The audit policy of cluster %s is too low for %s, which no watch tells of either: what changed in them can not be said.", c.Name, resourceWords(lost)),
			Evidence: few(evidence), Mend: "Watch the cluster, or record these writes with their content.", Paste: []Paste{policyFor(lost)}})
	}
	if len(low) > 0 {
		x.found(Finding{Check: "level", Severity: Hint, Sentence: fmt.Sprintf("In cluster %s writes to %s are audited below RequestResponse. The watch tells their states; of requests made at the same moment it may not be said which made which state.", c.Name, resourceWords(low)),
			Mend: "Where that matters, record these writes with their content.", Paste: []Paste{policyFor(low)}})
	}
}

func resourceWords(list []record.GroupResource) string {
	words := make([]string, len(list))
	for i, gr := range list {
		words[i] = gr.String()
	}
	slices.Sort(words)
	if len(words) > 10 {
		return strings.Join(words[:8], ", ") + fmt.Sprintf(" and %d more", len(words)-8)
	}
	return strings.Join(words, ", ")
}

// few bounds evidence.
func few(list []string) []string {
	if len(list) > 5 {
		return append(slices.Clone(list[:5]), fmt.Sprintf("and %d more", len(list)-5))
	}
	return list
}

// hole says what to make of a Gap's reason.
type hole struct {
	check, sentence, mend string
}

func holesByReason() map[string]hole {
	watch := hole{"watch", "The watch of cluster %s has holes (%d): changes in between are known from the lists after them only.",
		"Holes come from restarts longer than the apiserver keeps its history (about 5 minutes), and from networks. Two agents side by side, or a spool, close them."}
	return map[string]hole{
		"watch-missed": watch, "watch-error": watch,
		"dropped":     {"dropped", "Records of cluster %s were dropped by a limit (%d).", "The sentences below say by which; raise it in the configuration."},
		"undecodable": {"unreadable", "Some of what cluster %s sent could not be read (%d).", "Its lines are in the log by their digest; a new kind of event is worth a bug report."},
		"truncated":   {"truncated", "Bodies of requests to cluster %s were cut (%d).", "Raise --audit-webhook-truncate-max-event-size, or kubewake's limit; the watch tells the states all the same."},
		"epoch":       {"epoch", "The resourceVersions of cluster %s ran back (%d times): it was restored from a backup.", "Nothing: what was written between the snapshot and the restore is lost to the cluster; kubewake has what it saw of it."},
	}
}

func (x *examination) holes(c Recorded) {
	byReason := holesByReason()
	found := map[hole][]engine.Gap{}
	for _, g := range c.Gaps {
		if h, known := byReason[g.Reason]; known {
			found[h] = append(found[h], g)
		}
	}
	order := make([]hole, 0, len(found))
	for h := range found {
		order = append(order, h)
	}
	slices.SortFunc(order, func(a, b hole) int { return strings.Compare(a.check, b.check) })
	for _, h := range order {
		var evidence []string
		for _, g := range found[h] {
			evidence = append(evidence, g.Sentence)
		}
		x.found(Finding{Check: h.check, Severity: Warning, Sentence: fmt.Sprintf(h.sentence, c.Name, len(found[h])), Evidence: few(evidence), Mend: h.mend})
	}
	if len(order) == 0 {
		x.fine(fmt.Sprintf("The last day of cluster %s has no hole.", c.Name))
	}
}

func (x *examination) clock(of string, c Clock) {
	if !c.Known {
		return
	}
	off := c.Ahead.Abs() - c.Error
	if off < skewWarning {
		x.fine(fmt.Sprintf("The clocks of %s and of this machine agree.", of))
		return
	}
	severity, way := Warning, "ahead of"
	if off >= skewFailure {
		severity = Failure
	}
	if c.Ahead < 0 {
		way = "behind"
	}
	x.found(Finding{Check: "clock", Severity: severity, Sentence: fmt.Sprintf("The clock of %s is %s %s this machine's.", of, c.Ahead.Abs().Round(time.Second), way),
		Evidence: []string{fmt.Sprintf("its Date header, exact to %s", c.Error.Round(time.Millisecond))}, Mend: "Let both follow NTP: times of different sources are laid on one axis."})
}

func (x *examination) certs(list []Cert) {
	for _, c := range list {
		left := c.NotAfter.Sub(x.Now)
		if left > certWarning {
			continue
		}
		f := Finding{Check: "certificate", Severity: Warning, Sentence: fmt.Sprintf("The certificate of %s expires in %d days.", c.Of, int(left.Hours()/24)),
			Evidence: []string{"not after " + c.NotAfter.UTC().Format(time.RFC3339)}, Mend: "Renew it; kubewake reads its own again when the files change."}
		if left < certFailure {
			f.Severity = Failure
		}
		if left <= 0 {
			f.Sentence = fmt.Sprintf("The certificate of %s has expired.", c.Of)
		}
		x.found(f)
	}
}

func (x *examination) disk(d *Disk) {
	if d == nil || d.Total == 0 {
		return
	}
	free := float64(d.Free) / float64(d.Total)
	evidence := fmt.Sprintf("%.1f GB of %.1f GB are free at %s", float64(d.Free)/1e9, float64(d.Total)/1e9, d.Path)
	switch {
	case free < diskFailure:
		x.found(Finding{Check: "disk", Severity: Failure, Sentence: "The disk of the data directory is all but full: soon nothing can be stored.", Evidence: []string{evidence}, Mend: "Make room, or bound the store with retention.bytes."})
	case free < diskWarning:
		x.found(Finding{Check: "disk", Severity: Warning, Sentence: "The disk of the data directory is filling up.", Evidence: []string{evidence}, Mend: "Bound the store with retention.bytes or retention.age."})
	default:
		x.fine("The disk of the data directory has room.")
	}
}
