package doctor

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/auditpolicy"
	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/internal/promtext"
	"github.com/kubewake/kubewake/record"
)

func noon() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

func metrics(t *testing.T, text string) promtext.Samples {
	t.Helper()
	s, err := promtext.Read(strings.NewReader(strings.ReplaceAll(text, "; ", "\n") + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// well is an instance that lacks nothing.
func well(t *testing.T) *Instance {
	t.Helper()
	return &Instance{
		URL: "http://127.0.0.1:7575", Health: Answer{Status: 200, Text: "ok"}, Ready: Answer{Status: 200, Text: "ready"},
		Clock:   Clock{Known: true, Ahead: 300 * time.Millisecond, Error: 500 * time.Millisecond},
		Metrics: metrics(t, `kubewake_ingest_healthy 1; kubewake_webhook_events_total{cluster="prod"} 12; kubewake_webhook_batches_total{cluster="prod",outcome="stored"} 3; kubewake_watch_resources{cluster="prod",state="watching"} 60; kubewake_watch_resources{cluster="prod",state="excluded"} 1`),
		Info:    &engine.Info{}, Disk: &Disk{Path: "/data", Free: 50e9, Total: 100e9},
		Clusters: []Recorded{{ClusterInfo: engine.ClusterInfo{Name: "prod", Incarnations: []string{"uid-1"}}, LastAudit: noon().Add(-time.Second)}},
	}
}

func fit(t *testing.T) *Cluster {
	t.Helper()
	return &Cluster{Name: "prod", Version: "v1.37.1", UID: "uid-1", Everything: true, Clock: Clock{Known: true, Error: time.Second},
		Certs:   []Cert{{"the apiserver", noon().Add(365 * 24 * time.Hour)}},
		Metrics: metrics(t, `apiserver_audit_event_total 100; apiserver_audit_level_total{level="RequestResponse"} 90; apiserver_audit_error_total{plugin="webhook"} 0`)}
}

func TestNothingIsWrong(t *testing.T) {
	r := Examine(Seen{Instance: well(t), Cluster: fit(t), Now: noon()})
	if len(r.Findings) != 0 || len(r.Skipped) != 0 || len(r.Fine) < 8 || r.Worst() != "" {
		t.Errorf("%+v", r)
	}
}

func TestFindings(t *testing.T) {
	gap := func(reason, group, resource string) engine.Gap {
		return engine.Gap{Reason: reason, Scope: engine.Ref{Cluster: "prod", Group: group, Resource: resource}, Sentence: "a sentence about " + resource}
	}
	tests := []struct {
		name  string
		spoil func(*Seen)
		want  string // severity check: words of the sentence, one a line
		paste string
	}{
		{"nothing to look at", func(s *Seen) { s.Instance, s.Cluster = nil, nil }, "", ""},
		{"no answer", func(s *Seen) { s.Instance = &Instance{URL: "http://x", Health: Answer{Err: errors.New("refused")}} }, "failure instance: kubewake at http://x does not answer", ""},
		{"something else answers", func(s *Seen) { s.Instance.Health = Answer{Status: 404} }, "failure instance: does not answer as kubewake does", ""},
		{"not ready", func(s *Seen) { s.Instance.Ready = Answer{Status: 503, Text: "not ready: no space left on device"} }, "failure ready: can not store", ""},
		{"no audit", func(s *Seen) {
			s.Instance.Metrics = metrics(t, `kubewake_ingest_healthy 1; kubewake_watch_resources{state="watching"} 60`)
			s.Instance.Clusters[0].LastAudit = time.Time{}
		}, "failure audit: No audit events arrive", "--audit-webhook-config-file="},
		{"no audit since long", func(s *Seen) { s.Instance.Clusters[0].LastAudit = noon().Add(-time.Hour) }, "failure audit: newest audit event of cluster prod is 1h0m0s old", "https://KUBEWAKE_HOST:9443/audit/prod"},
		{"no audit of a cluster whose name has a slash", func(s *Seen) {
			s.Instance.Clusters[0].Name, s.Instance.Clusters[0].LastAudit = "arn:aws:eks:eu-1:7:cluster/prod", noon().Add(-time.Hour)
		}, "failure audit: newest audit event of cluster arn:aws:eks:eu-1:7:cluster/prod", "https://KUBEWAKE_HOST:9443/audit/arn:aws:eks:eu-1:7:cluster%2Fprod"},
		{"a recording may be old", func(s *Seen) {
			s.Instance.Metrics = nil
			s.Instance.Clusters[0].LastAudit = noon().Add(-time.Hour)
		}, "", ""},
		{"batches refused", func(s *Seen) {
			s.Instance.Metrics["kubewake_webhook_batches_total"] = append(s.Instance.Metrics["kubewake_webhook_batches_total"], promtext.Sample{Labels: map[string]string{"outcome": "unauthorized"}, Value: 3})
		}, "warning webhook: Somebody sent audit batches that were refused", ""},
		{"events unreadable", func(s *Seen) {
			s.Instance.Metrics["kubewake_webhook_refused_events_total"] = []promtext.Sample{{Labels: map[string]string{"reason": "not JSON"}, Value: 1}}
		}, "warning unreadable: Some audit events", ""},
		{"forbidden to watch", func(s *Seen) {
			s.Instance.Metrics["kubewake_watch_resources"] = []promtext.Sample{{Labels: map[string]string{"state": "watching"}, Value: 50}, {Labels: map[string]string{"state": "forbidden"}, Value: 9}}
		}, "failure rbac: 9 resources may not be watched", "kind: ClusterRole\n"},
		{"watches fail", func(s *Seen) {
			s.Instance.Metrics["kubewake_watch_resources"] = []promtext.Sample{{Labels: map[string]string{"state": "failing"}, Value: 1}}
		}, "failure watch: The watch of 1 resources fails", ""},
		{"nothing watched", func(s *Seen) { delete(s.Instance.Metrics, "kubewake_watch_resources") }, "warning watch: No cluster is watched", "clusters:\n"},
		{"store down", func(s *Seen) { s.Instance.Metrics["kubewake_ingest_healthy"][0].Value = 0 }, "failure store: takes no writes", ""},
		{"store was down", func(s *Seen) {
			s.Instance.Metrics["kubewake_ingest_refused_batches_total"] = []promtext.Sample{{Labels: map[string]string{"reason": "full"}, Value: 2}}
		}, "warning store: could not be stored", ""},
		{"busy is no fault", func(s *Seen) {
			s.Instance.Metrics["kubewake_ingest_refused_batches_total"] = []promtext.Sample{{Labels: map[string]string{"reason": "busy"}, Value: 2}}
		}, "", ""},
		{"late", func(s *Seen) {
			s.Instance.Metrics["kubewake_ingest_late_records_total"] = []promtext.Sample{{Labels: nil, Value: 7}}
		}, "hint late: 7 records", ""},
		{"clock behind", func(s *Seen) { s.Instance.Clock.Ahead = -20 * time.Second }, "warning clock: The clock of kubewake is 20s behind", ""},
		{"clock far ahead", func(s *Seen) { s.Cluster.Clock.Ahead = time.Hour }, "failure clock: The clock of the apiserver of prod is 1h0m0s ahead of", ""},
		{"disk fills", func(s *Seen) { s.Instance.Disk.Free = 9e9 }, "warning disk: filling up", ""},
		{"disk full", func(s *Seen) { s.Instance.Disk.Free = 1e9 }, "failure disk: all but full", ""},
		{"certificate soon", func(s *Seen) { s.Cluster.Certs[0].NotAfter = noon().Add(9 * 24 * time.Hour) }, "warning certificate: expires in 9 days", ""},
		{"certificate gone", func(s *Seen) { s.Instance.Certs = []Cert{{"kubewake", noon().Add(-time.Hour)}} }, "failure certificate: has expired", ""},
		{"certificate of the receiver", func(s *Seen) { s.Receiver = []Cert{{"the receiver", noon().Add(2 * 24 * time.Hour)}} }, "failure certificate: of the receiver expires in 2 days", ""},
		{"no receiver", func(s *Seen) { s.WebhookURL, s.ReceiverErr = "https://x/audit", errors.New("refused") }, "failure webhook: Nobody takes audit batches at https://x/audit", ""},
		{"nothing recorded", func(s *Seen) { s.Instance.Clusters = nil; s.Cluster = nil }, "warning recorded: Nothing is recorded", ""},
		{"level too low, watched", func(s *Seen) {
			s.Instance.Clusters[0].Gaps = []engine.Gap{gap("level", "apps", "deployments"), gap("level", "", "secrets"), gap("level", "", "events"), gap("level", "", "serviceaccounts")}
		},
			"hint level: writes to deployments.apps are audited below", `resources: ["deployments"]`},
		{"level too low", func(s *Seen) {
			s.Instance.Clusters[0].Gaps = []engine.Gap{gap("level", "apps", "deployments"), gap("level", "", "pods")}
			s.Instance.Clusters[0].Unwatched = map[string]bool{"deployments.apps": true, "pods": true}
		}, "warning level: too low for deployments.apps, pods", `resources: ["pods"]`},
		{"holes", func(s *Seen) {
			s.Instance.Clusters[0].Gaps = []engine.Gap{gap("watch-missed", "", "pods"), gap("watch-error", "", ""), gap("dropped", "", "")}
		},
			"warning dropped: were dropped by a limit (1)\nwarning watch: has holes (2)", ""},
		{"what was sent could not be read", func(s *Seen) {
			s.Instance.Clusters[0].Gaps = []engine.Gap{gap("undecodable", "", ""), gap("undecodable", "", "")}
		},
			"warning unreadable: Some of what cluster prod sent could not be read (2)", ""},
		{"bodies cut", func(s *Seen) { s.Instance.Clusters[0].Gaps = []engine.Gap{gap("truncated", "", "configmaps")} }, "warning truncated: Bodies of requests to cluster prod were cut (1)", ""},
		{"restored from a backup", func(s *Seen) { s.Instance.Clusters[0].Gaps = []engine.Gap{gap("epoch", "", "")} }, "warning epoch: The resourceVersions of cluster prod ran back (1 times)", ""},
		{"holes that are none", func(s *Seen) {
			s.Instance.Clusters[0].Gaps = []engine.Gap{gap("before-recording", "", ""), gap("after-recording", "", "")}
		}, "", ""},
		{"two clusters of one name", func(s *Seen) { s.Instance.Clusters[0].Incarnations = []string{"uid-1", "uid-2"} }, "warning identity: records of 2 clusters", ""},
		{"another cluster", func(s *Seen) { s.Cluster.UID = "uid-9" }, "warning identity: not among those", ""},
		{"cluster away", func(s *Seen) { s.Cluster = &Cluster{Name: "prod", Err: errors.New("refused")} }, "failure cluster: can not be asked", ""},
		{"not allowed", func(s *Seen) {
			s.Cluster.Everything, s.Cluster.As = false, "system:serviceaccount:wake:bot"
			s.Cluster.Denied = []Denied{{record.GroupResource{Group: "apps", Resource: "deployments"}, []string{"watch"}}, {record.GroupResource{Resource: "secrets"}, []string{"list", "watch"}}}
		}, "failure rbac: system:serviceaccount:wake:bot may not list and watch 2 resources", "  - apiGroups: [\"apps\"]\n    resources: [\"deployments\"]"},
		{"no policy", func(s *Seen) { s.Cluster.Metrics = metrics(t, "apiserver_audit_event_total 0") }, "failure audit: makes no audit events", "--audit-policy-file="},
		{"dropped by the apiserver", func(s *Seen) { s.Cluster.Metrics["apiserver_audit_error_total"][0].Value = 400 }, "warning dropped: has dropped 400 audit events", "--audit-webhook-batch-buffer-size="},
		{"refused by the apiserver", func(s *Seen) {
			s.Cluster.Metrics["apiserver_audit_requests_rejected_total"] = []promtext.Sample{{Labels: nil, Value: 2}}
		}, "failure dropped: refused 2 requests", ""},
		{"heads only", func(s *Seen) { s.Cluster.Metrics["apiserver_audit_level_total"][0].Labels["level"] = "Metadata" }, "hint level: heads only", ""},
		{"groups broken", func(s *Seen) { s.Cluster.Broken = []string{"metrics.k8s.io/v1beta1"} }, "warning discovery: 1 API groups", ""},
		{"batches not taken", func(s *Seen) {
			s.Instance.Metrics["kubewake_webhook_batches_total"] = append(s.Instance.Metrics["kubewake_webhook_batches_total"], promtext.Sample{Labels: map[string]string{"outcome": "busy"}, Value: 3})
		}, "warning webhook: could not be taken at once", ""},
		{"aborted by the apiserver", func(s *Seen) {
			s.Instance.Metrics["kubewake_webhook_batches_total"] = append(s.Instance.Metrics["kubewake_webhook_batches_total"], promtext.Sample{Labels: map[string]string{"outcome": "aborted"}, Value: 3})
		}, "", ""},
		{"agents instead", func(s *Seen) {
			s.Instance.Metrics = metrics(t, `kubewake_ingest_healthy 1; kubewake_intake_requests_total{call="batch",code="200"} 9`)
		}, "", ""},
		{"agents refused", func(s *Seen) {
			s.Instance.Metrics["kubewake_intake_requests_total"] = []promtext.Sample{{Labels: map[string]string{"call": "batch", "code": "403"}, Value: 2}}
		}, "warning agents: were refused for who they are", ""},
		{"log files lost", func(s *Seen) {
			s.Instance.Metrics["kubewake_tail_missed_files_total"] = []promtext.Sample{{Labels: map[string]string{"cluster": "prod"}, Value: 1}}
		}, "warning tail: were gone before", ""},
		{"log lines unreadable", func(s *Seen) {
			s.Instance.Metrics["kubewake_tail_refused_lines_total"] = []promtext.Sample{{Labels: map[string]string{"reason": "long"}, Value: 1}}
		}, "warning unreadable: Some lines", ""},
		{"log far behind", func(s *Seen) {
			s.Instance.Metrics["kubewake_tail_lag_seconds"] = []promtext.Sample{{Labels: map[string]string{"path": "/a.log"}, Value: 3600}, {Labels: map[string]string{"path": "/b.log"}, Value: 3}}
		}, "warning tail: /a.log is read 1h0m0s behind", ""},
		{"spool was full", func(s *Seen) {
			s.Instance.Metrics["kubewake_spool_refused_batches_total"] = []promtext.Sample{{Labels: nil, Value: 4}}
		}, "warning spool: 4 batches went back", ""},
		{"no leases, and an agent elects", func(s *Seen) {
			s.Instance.Metrics["kubewake_collect_leading"] = []promtext.Sample{{Labels: map[string]string{"cluster": "prod", "election": "objects"}, Value: 0}}
			s.Cluster.LeasesDenied = []string{"create", "update"}
		}, "failure election: stands for election", "resources: [leases]"},
		{"no leases, and nobody knows whether it elects", func(s *Seen) {
			s.Instance = nil
			s.Cluster.As, s.Cluster.LeasesDenied = "system:serviceaccount:watch:wake", []string{"get"}
		}, "hint election: may not hold Leases in the namespace kubewake", "{kind: ServiceAccount, name: wake, namespace: watch}"},
		{"no leases, and none needed", func(s *Seen) { s.Cluster.LeasesDenied = []string{"get"} }, "", ""},
		{"spool denied", func(s *Seen) {
			s.Instance.Metrics["kubewake_spool_denied_timestamp_seconds"] = []promtext.Sample{{Labels: map[string]string{"cluster": "test"}, Value: 1.7e9}}
		}, "failure spool: refuses what is recorded of cluster test", ""},
		{"spool damaged", func(s *Seen) {
			s.Instance.Metrics["kubewake_spool_damaged_total"] = []promtext.Sample{{Labels: nil, Value: 1}}
		}, "warning spool: could not be read or delivered", ""},
		{"spool nearly full", func(s *Seen) {
			s.Instance.Metrics["kubewake_spool_bytes"] = []promtext.Sample{{Labels: nil, Value: 90}}
			s.Instance.Metrics["kubewake_spool_limit_bytes"] = []promtext.Sample{{Labels: nil, Value: 100}}
		}, "warning spool: 90 % full", ""},
		{"export late", func(s *Seen) {
			s.Instance.Metrics["kubewake_export_lag_seconds"] = []promtext.Sample{{Labels: map[string]string{"queue": "in"}, Value: 5}, {Labels: map[string]string{"queue": "out"}, Value: 660}}
		}, "warning export: has not taken spans for 11m0s", ""},
		{"export full", func(s *Seen) {
			s.Instance.Metrics["kubewake_export_dropped_records_total"] = []promtext.Sample{{Labels: map[string]string{"reason": "full"}, Value: 7}}
		}, "warning export: 7 records were stored and not exported", ""},
		{"export refused", func(s *Seen) {
			s.Instance.Metrics["kubewake_export_refused_spans_total"] = []promtext.Sample{{Labels: map[string]string{"reason": "partial"}, Value: 3}}
		}, "warning export: refused 3 spans", ""},
	}
	wanted := map[string]bool{}
	for _, tt := range tests {
		for line := range strings.Lines(tt.want) {
			head, _, _ := strings.Cut(line, ": ")
			_, check, _ := strings.Cut(head, " ")
			wanted[check] = true
		}
	}
	if diff := cmp.Diff(Checks(), sortedKeys(wanted)); diff != "" {
		t.Errorf("checks, and those of which there is a case (-checks +cases):\n%s", diff)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			seen := Seen{Instance: well(t), Cluster: fit(t), Now: noon()}
			tt.spoil(&seen)
			r := Examine(seen)
			var want []string
			if tt.want != "" {
				want = strings.Split(tt.want, "\n")
			}
			if len(r.Findings) != len(want) {
				t.Fatalf("%d findings, want %d: %+v", len(r.Findings), len(want), r.Findings)
			}
			pasted := ""
			for i, f := range r.Findings {
				head, words, _ := strings.Cut(want[i], ": ")
				if got := string(f.Severity) + " " + f.Check; got != head || !strings.Contains(f.Sentence, words) || strings.Contains(f.Sentence, "%!") {
					t.Errorf("%s: %s; want %s", got, f.Sentence, want[i])
				}
				if f.Mend == "" {
					t.Errorf("%s: what to do is not said", f.Sentence)
				}
				if !slices.Contains(Checks(), f.Check) {
					t.Errorf("%s is not among the names of checks", f.Check)
				}
				ignoring := seen
				ignoring.Ignore = []string{f.Check}
				if r := Examine(ignoring); slices.ContainsFunc(r.Findings, func(g Finding) bool { return g.Check == f.Check }) || !strings.HasSuffix(r.Skipped[len(r.Skipped)-1], ": "+f.Check+".") {
					t.Errorf("%s is ignored, and found: %+v", f.Check, r)
				}
				for _, p := range f.Paste {
					pasted += p.Text
				}
			}
			if !strings.Contains(pasted, tt.paste) {
				t.Errorf("%q is not in what to paste:\n%s", tt.paste, pasted)
			}
		})
	}
}

func TestWorstComesFirst(t *testing.T) {
	seen := Seen{Instance: well(t), Cluster: fit(t), Now: noon()}
	seen.Instance.Clock.Ahead = time.Minute / 2
	seen.Instance.Metrics["kubewake_ingest_late_records_total"] = []promtext.Sample{{Labels: nil, Value: 7}}
	seen.Cluster.Err = errors.New("refused")
	r := Examine(seen)
	var got []Severity
	for _, f := range r.Findings {
		got = append(got, f.Severity)
	}
	if diff := cmp.Diff([]Severity{Failure, Warning, Hint}, got); diff != "" || r.Worst() != Failure {
		t.Error(diff)
	}
}

// What is pasted is read by whom it is for.
func TestPastedPolicyIsOne(t *testing.T) {
	rules := policyFor([]record.GroupResource{{Group: "apps", Resource: "deployments"}, {Resource: "pods"}}).Text
	p, err := auditpolicy.Parse("pasted", []byte("apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n"+rules))
	if err != nil {
		t.Fatal(err)
	}
	for verb, want := range map[string]record.Level{"update": record.LevelRequestResponse, "list": record.LevelNone} {
		if d := p.Match(&auditpolicy.Attributes{Verb: verb, Group: "apps", Resource: "deployments"}); d.Level != want {
			t.Errorf("%s at %s", verb, d.Level)
		}
	}
}

func TestClock(t *testing.T) {
	asked := noon()
	for _, tt := range []struct {
		date  string
		took  time.Duration
		ahead time.Duration
		known bool
	}{
		{noon().Format(http.TimeFormat), time.Second, 0, true},
		{noon().Add(30 * time.Second).Format(http.TimeFormat), 0, 30*time.Second + 500*time.Millisecond, true},
		{"", 0, 0, false},
	} {
		got := clockOf(tt.date, asked, asked.Add(tt.took))
		if got.Known != tt.known || got.Ahead != tt.ahead || (got.Known && got.Error < 500*time.Millisecond) {
			t.Errorf("%q: %+v", tt.date, got)
		}
	}
}
