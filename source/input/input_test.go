package input

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
)

// auditLine is a made event; n makes it another one.
func auditLine(n int) string {
	return fmt.Sprintf(`{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"a-%d","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/shop/pods/p","verb":"get",`+
		`"user":{"username":"alice"},"objectRef":{"resource":"pods","namespace":"shop","name":"p","apiVersion":"v1"},"responseStatus":{"code":200},`+
		`"requestReceivedTimestamp":"2026-11-20T15:50:00.%06dZ","stageTimestamp":"2026-11-20T15:50:01.%06dZ"}`, n, n, n)
}

func object(kind string, n int) string {
	return fmt.Sprintf(`{"kind":%q,"apiVersion":"v1","metadata":{"name":"o-%d","uid":"u-%d","resourceVersion":"%d"}}`, kind, n, n, n+10)
}

func audits(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(auditLine(i) + "\n")
	}
	return b.String()
}

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func indent(t *testing.T, raw string) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(raw), "", "    "); err != nil {
		t.Fatal(err)
	}
	return b.String() + "\n"
}

func kinds(records []*record.Record) map[string]int {
	n := map[string]int{}
	for _, r := range records {
		n[r.Kind.String()]++
	}
	return n
}

func TestFormatsAreDetectedByContent(t *testing.T) {
	text := func(raw string) string { b, _ := json.Marshal(raw); return string(b) }
	for _, tt := range []struct {
		name, content, format string
		kinds                 map[string]int
		cluster               record.Cluster
	}{
		{"lines", audits(3), "audit", map[string]int{"request": 3}, "local"},
		{"no line end", strings.TrimSuffix(audits(3), "\n"), "audit", map[string]int{"request": 3}, "local"},
		{"line ends of DOS, a byte order mark and empty lines", "\xef\xbb\xbf" + strings.ReplaceAll(audits(3), "\n", "\r\n\r\n"), "audit", map[string]int{"request": 3}, "local"},
		{"pretty-printed", indent(t, auditLine(1)) + indent(t, auditLine(2)), "audit", map[string]int{"request": 2}, "local"},
		{"array", "[" + auditLine(1) + ",\n" + auditLine(2) + "]\n", "audit array", map[string]int{"request": 2}, "local"},
		{"EventList", `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[` + auditLine(1) + "," + auditLine(2) + "]}", "audit EventList", map[string]int{"request": 2}, "local"},
		{"EventList of a webhook, pretty-printed", indent(t, `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[`+strings.Replace(auditLine(1), `"kind":"Event","apiVersion":"audit.k8s.io/v1",`, "", 1)+"]}"), "audit EventList", map[string]int{"request": 1}, "local"},
		{"watch", `{"type":"ADDED","object":` + object("Pod", 1) + "}\n" + `{"type":"DELETED","object":` + object("Pod", 1) + "}\n", "watch", map[string]int{"revision": 1, "end": 1}, "local"},
		{"list", `{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"319"},"items":[{"metadata":{"uid":"u","resourceVersion":"3"}}]}`, "list", map[string]int{"revision": 1, "progress": 1}, "local"},
		{"list, keys sorted and pretty-printed", indent(t, `{"apiVersion":"v1","items":[{"metadata":{"uid":"u","resourceVersion":"3"}},{"metadata":{"uid":"v","resourceVersion":"4"}}],"kind":"PodList","metadata":{"resourceVersion":"319"}}`), "list", map[string]int{"revision": 2, "progress": 1}, "local"},
		{"kubectl get", indent(t, `{"apiVersion":"v1","items":[`+object("Pod", 1)+","+object("Service", 2)+`],"kind":"List","metadata":{"resourceVersion":""}}`), "list", map[string]int{"revision": 2}, "local"},
		{"one object", indent(t, object("Pod", 1)), "object", map[string]int{"revision": 1}, "local"},
		{"EKS subscription", `{"messageType":"DATA_MESSAGE","logGroup":"/aws/eks/prod/cluster","logStream":"kube-apiserver-audit-1","logEvents":[{"id":"1","timestamp":1,"message":` + text(auditLine(1)) + `},{"id":"2","timestamp":1,"message":` + text(auditLine(2)) + `}]}`, "CloudWatch", map[string]int{"request": 2}, "prod"},
		{"EKS export", "2026-11-20T15:50:00.000Z " + auditLine(1) + "\n2026-11-20T15:50:00.000Z " + auditLine(2) + "\n", "audit", map[string]int{"request": 2}, "local"},
		{"AKS storage", `{"time":"x","resourceId":"/SUBSCRIPTIONS/S/PROVIDERS/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/AKS-1","category":"kube-audit","properties":{"log":` + text(auditLine(1)) + "}}\n", "Azure", map[string]int{"request": 1}, "aks-1"},
		{"AKS event hub", `{"records":[{"resourceId":"/a/managedClusters/aks-1","category":"kube-audit-admin","properties":{"log":` + text(auditLine(1)) + `}},{"resourceId":"/a/managedClusters/aks-1","category":"guard","properties":{"log":"text"}}]}`, "Azure", map[string]int{"request": 1}, "aks-1"},
		{"container log", `{"log":` + text(auditLine(1)+"\n") + `,"stream":"stdout"}` + "\n", "log", map[string]int{"request": 1}, "local"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.name == "AKS event hub" {
				tt.format = "envelope"
			}
			records, report := read(t, Options{}, write(t, "whatever.bin", tt.content))
			if diff := cmp.Diff(tt.kinds, kinds(records)); diff != "" {
				t.Error(diff)
			}
			f := report.Files[0]
			if f.Format != tt.format && !(tt.format == "envelope" && f.Format != "") || f.Skipped != "" || len(f.Refused) != 0 || f.Truncated || f.Bytes != int64(len(tt.content)) {
				t.Errorf("report %+v, %d bytes", f, len(tt.content))
			}
			for _, r := range records {
				if r.Ref.Cluster != tt.cluster {
					t.Errorf("cluster %q, want %q", r.Ref.Cluster, tt.cluster)
				}
			}
			named, _ := read(t, Options{Cluster: "mine"}, write(t, "x", tt.content))
			for _, r := range named {
				if r.Ref.Cluster != "mine" {
					t.Errorf("cluster %q beats the option", r.Ref.Cluster)
				}
			}
		})
	}
}

func TestOtherFilesAreSkipped(t *testing.T) {
	for name, content := range map[string]string{
		"policy": "apiVersion: audit.k8s.io/v1\nkind: Policy\n", "log": "== deployment\nnamespace/shop created\n", "empty": "", "blank": " \n\n",
		"package": `{"name":"x","dependencies":{}}`, "array": `[1,2]`, "JSON policy": `{"kind":"Policy","apiVersion":"audit.k8s.io/v1","rules":[]}`, "binary": "\x00\x01\x02",
		"other lines": "{\"level\":\"info\",\"msg\":\"x\"}\n{\"level\":\"info\",\"msg\":\"y\"}\n",
	} {
		records, report := read(t, Options{}, write(t, "f", content))
		if len(records) != 0 || report.Files[0].Skipped == "" || len(report.Refused) != 0 {
			t.Errorf("%s: %d records, %+v", name, len(records), report.Files[0])
		}
	}
}

func TestPackings(t *testing.T) {
	content := audits(2000)
	var gz, zs bytes.Buffer
	g := gzip.NewWriter(&gz)
	_, _ = g.Write([]byte(content))
	_ = g.Close()
	z, _ := zstd.NewWriter(&zs)
	_, _ = z.Write([]byte(content))
	_ = z.Close()
	packed := map[string]string{"": content, "gzip": gz.String(), "zstd": zs.String()}
	bz := exec.Command("bzip2", "-c")
	bz.Stdin = strings.NewReader(content)
	if out, err := bz.Output(); err == nil {
		packed["bzip2"] = string(out)
	}
	for name, data := range packed {
		records, report := read(t, Options{}, write(t, "f", data))
		if len(records) != 2000 || report.Files[0].Packed != name || report.Files[0].Lines != 2000 {
			t.Errorf("%q: %d records, %+v", name, len(records), report.Files[0])
		}
	}
	cut := gz.String()[:gz.Len()*2/3]
	records, report := read(t, Options{}, write(t, "f", cut))
	if len(records) == 0 || len(records) > 2000 || !report.Files[0].Truncated {
		t.Errorf("cut gzip: %d records, %+v", len(records), report.Files[0])
	}
}

func TestRefusedLinesAreCountedAndTheRestGoesOn(t *testing.T) {
	lines := []string{auditLine(0), `{"kind":"Event","apiVersion":"audit.k8s.io/v1","secret-value":}`, auditLine(1), `{"a":1}`, "text",
		`{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"x","stage":"Panic"}`, auditLine(2), auditLine(3)[:300]}
	content := strings.Join(lines, "\n")
	records, report := read(t, Options{}, write(t, "f", content))
	if diff := cmp.Diff(map[string]int{"request": 3, "gap": 5}, kinds(records)); diff != "" {
		t.Error(diff)
	}
	f := report.Files[0]
	want := []Refusal{
		{Line: 2, Column: 62, Reason: "not JSON: no value"},
		{Line: 4, Column: -1, Reason: reasonUnknown},
		{Line: 5, Column: 0, Reason: "not JSON: no value"},
		{Line: 6, Column: -1, Reason: "audit event without a time"},
		{Line: 8, Column: 300, Reason: reasonTruncated},
	}
	for i := range want {
		want[i].Path = f.Path
		want[i].Offset = int64(len(strings.Join(lines[:want[i].Line-1], "\n")) + 1)
	}
	if diff := cmp.Diff(want, f.First); diff != "" {
		t.Error(diff)
	}
	if !f.Truncated || report.RefusedLines() != 5 || report.Reasons()[0] != "not JSON: no value" {
		t.Errorf("%+v %v", report, report.Reasons())
	}
	again, _ := read(t, Options{}, write(t, "g", content))
	if diff := cmp.Diff(ids(records), ids(again)); diff != "" {
		t.Errorf("the same lines are the same gaps: %s", diff)
	}
	for _, r := range records {
		if r.Kind == record.KindGap && r.Gap.Reason == record.GapTruncated && r.OccurredAt.IsZero() {
			t.Log("no time was left in the cut line")
		}
	}
}

func ids(records []*record.Record) []string {
	var out []string
	for _, r := range records {
		out = append(out, r.ID().String())
	}
	slices.Sort(out)
	return out
}

func TestTimesAreSalvaged(t *testing.T) {
	broken := strings.Replace(auditLine(7), `"user":{`, `"user":{{`, 1)
	records, _ := read(t, Options{}, write(t, "f", auditLine(1)+"\n"+broken+"\n"))
	for _, r := range records {
		if r.Kind == record.KindGap && (r.OccurredAt.IsZero() || r.Gap.Until.Before(r.OccurredAt)) {
			t.Errorf("%+v %+v", r.OccurredAt, r.Gap)
		}
	}
}

func TestAFileMayBeginInTheMiddleOfALine(t *testing.T) {
	records, report := read(t, Options{}, write(t, "f", auditLine(0)[100:]+"\n"+audits(5)))
	if kinds(records)["request"] != 5 || report.RefusedLines() != 1 || report.Files[0].First[0].Line != 1 {
		t.Errorf("%v %+v", kinds(records), report)
	}
}

func TestLongLinesAreLeftOut(t *testing.T) {
	long := strings.Replace(auditLine(9), "alice", strings.Repeat("a", 3<<20), 1)
	content := audits(3) + long + "\n" + audits(2) + long
	records, report := read(t, Options{LineBytes: 2 << 20}, write(t, "f", content))
	if kinds(records)["request"] != 5 || report.Refused[reasonLong] != 2 {
		t.Errorf("%v %+v", kinds(records), report.Refused)
	}
	if f := report.Files[0]; f.First[0].Line != 4 || f.Bytes != int64(len(content)) {
		t.Errorf("%+v, %d bytes", f, len(content))
	}
	whole, report := read(t, Options{}, write(t, "f", content))
	if kinds(whole)["request"] != 7 || report.RefusedLines() != 0 {
		t.Errorf("within the limit: %v %+v", kinds(whole), report.Refused)
	}
}

func TestLargeListsStream(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"apiVersion":"v1","kind":"List","metadata":{},"items":[`)
	for i := range 5000 {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strings.Replace(object("ConfigMap", i), `}}`, `},"data":{"x":"]}\"{"}}`, 1))
	}
	b.WriteString("]}\n" + `{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"5"},"items":[]}`)
	records, report := read(t, Options{LineBytes: 64 << 10}, write(t, "f", b.String()))
	if kinds(records)["revision"] != 5000 || kinds(records)["progress"] != 1 || report.RefusedLines() != 0 {
		t.Errorf("%v %+v", kinds(records), report.Refused)
	}
}

func TestBrokenDocumentsAreCounted(t *testing.T) {
	content := indent(t, auditLine(1)) + "oops\n" + indent(t, auditLine(2)) + indent(t, auditLine(3))[:200]
	records, report := read(t, Options{}, write(t, "f", content))
	if kinds(records)["request"] != 2 || report.RefusedLines() != 2 || !report.Files[0].Truncated {
		t.Errorf("%v %+v", kinds(records), report.Files[0])
	}
}

func TestPaths(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"a/audit.log": audits(1), "a/b/watch.jsonl": `{"type":"ADDED","object":` + object("Pod", 1) + "}\n", "policy.yaml": "kind: Policy\n", "c.log": audits(2)} {
		path := filepath.Join(dir, name)
		_ = os.MkdirAll(filepath.Dir(path), 0o755)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	records, report := read(t, Options{}, dir, filepath.Join(dir, "c.log"), filepath.Join(dir, "*.log"))
	if diff := cmp.Diff(map[string]int{"request": 3, "revision": 1}, kinds(records)); diff != "" || len(report.Files) != 4 {
		t.Errorf("%d files %s", len(report.Files), diff)
	}
	records, _ = read(t, Options{}, filepath.Join(dir, "*.log"))
	if len(records) != 2 {
		t.Errorf("glob: %d", len(records))
	}
	records, _ = read(t, Options{Stdin: strings.NewReader(audits(4))}, "-")
	if len(records) != 4 {
		t.Errorf("standard input: %d", len(records))
	}
	if _, err := Read(t.Context(), []string{filepath.Join(dir, "none*")}, Options{Redactor: redact.Off()}, nil); err == nil {
		t.Error("a path that is not there is an error")
	}
}

func TestDigest(t *testing.T) {
	digest := func(paths ...string) string {
		t.Helper()
		d, err := Digest(paths)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	big := strings.Repeat("0123456789abcdef", 200_000)
	a, b := write(t, "a", big), write(t, "b", audits(1))
	if digest(a, b) != digest(b, a) || digest(a, b) != digest(write(t, "c", big), b) {
		t.Error("the digest is of contents, not of names or order")
	}
	if digest(a) == digest(write(t, "d", big[1:]+"x")) || digest(b) == digest(write(t, "e", audits(2))) || digest(a) == digest(a, b) {
		t.Error("other content, other digest")
	}
	if _, err := Digest([]string{"-"}); err == nil {
		t.Error("standard input has no digest")
	}
}

func TestTheSinksErrorEndsReading(t *testing.T) {
	full := errors.New("disk full")
	_, err := Read(t.Context(), []string{write(t, "f", audits(20000))}, Options{Redactor: redact.Off()},
		func(context.Context, []*record.Record) error { return full })
	if !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Read(ctx, []string{write(t, "f", audits(20000))}, Options{Redactor: redact.Off()},
		func(ctx context.Context, _ []*record.Record) error { return ctx.Err() }); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestProgress(t *testing.T) {
	content := audits(1000)
	var last Progress
	_, _ = read(t, Options{Progress: func(p Progress) { last = p }}, write(t, "f", content))
	if !last.Done || last.Bytes != int64(len(content)) || last.Total != last.Bytes || last.Records != 1000 || last.Files != 1 || last.Remaining() != 0 {
		t.Errorf("%+v", last)
	}
}

// Any number of workers gives the same records.
func TestWorkersDoNotMatter(t *testing.T) {
	dir := recordings(t, "deployment")
	one, first := read(t, Options{Workers: 1}, dir)
	many, second := read(t, Options{Workers: 5}, dir)
	if diff := cmp.Diff(ids(one), ids(many)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Error(diff)
	}
	if len(first.Refused) != 0 || len(first.Ignored) != 0 {
		t.Errorf("refused %v", first.Refused)
	}
	skipped := 0
	for _, f := range first.Files {
		if f.Skipped != "" {
			skipped++
			t.Log(filepath.Base(f.Path), f.Skipped)
		}
	}
	if skipped != 2 {
		t.Errorf("%d files skipped, want the policy and the log of the workloads", skipped)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(audits(2)), 64)
	f.Add([]byte(`{"apiVersion":"v1","items":[{"metadata":{"uid":"u","resourceVersion":"3"}}],"kind":"PodList"} x`), 50)
	f.Add([]byte(`{"messageType":"DATA_MESSAGE","logEvents":[{"message":"{\"log\":\"{}\"}"}]}`), 1000)
	f.Add([]byte("[{\"type\":\"ADDED\",\"object\":{}}\n,3]]}"), 1000)
	f.Fuzz(func(t *testing.T, raw []byte, limit int) {
		var stop = errors.New("too many")
		n := 0
		_, err := Read(t.Context(), []string{"-"}, Options{Redactor: redact.Off(), Stdin: bytes.NewReader(raw), LineBytes: limit, Workers: 1},
			func(_ context.Context, records []*record.Record) error {
				if n += len(records); n > len(raw)+10 {
					return stop
				}
				return nil
			})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	path := recordings(b, "scenarios", "audit.jsonl.zst")
	z, err := zstd.NewReader(nil)
	if err != nil {
		b.Fatal(err)
	}
	packed, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	raw, err := z.DecodeAll(packed, nil)
	if err != nil {
		b.Fatal(err)
	}
	plain := filepath.Join(b.TempDir(), "audit.jsonl")
	if err := os.WriteFile(plain, raw, 0o644); err != nil {
		b.Fatal(err)
	}
	for name, path := range map[string]string{"plain": plain, "zstd": path} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			before := cpuSeconds(b)
			for b.Loop() {
				_, err := Read(b.Context(), []string{path}, Options{Redactor: redact.Off(), Workers: 1}, func(context.Context, []*record.Record) error { return nil })
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(raw))*float64(b.N)/1e6/(cpuSeconds(b)-before), "MB/cpu-s")
		})
	}
}

// cpuSeconds that this process has used: unlike the wall clock it does not count what other processes take.
func cpuSeconds(tb testing.TB) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// The documented forms of clouds around real events give what the events give alone.
func TestEnvelopesAroundRealEvents(t *testing.T) {
	for name, cluster := range map[string]record.Cluster{
		"eks-subscription.json": "prod-eu-1", "eks-get-log-events.json": "local", "eks-insights.jsonl": "local", "eks-export.log": "local",
		"aks-storage.jsonl": "prod-eu-1", "aks-eventhub.json": "prod-eu-1",
		"aks-table.jsonl": "prod-eu-1", "aks-table-text.json": "prod-eu-1",
	} {
		t.Run(name, func(t *testing.T) {
			want, _ := read(t, Options{Cluster: cluster}, "testdata/envelopes/events.jsonl")
			got, report := read(t, Options{}, "testdata/envelopes/"+name)
			if len(report.Refused) != 0 || report.Files[0].Skipped != "" {
				t.Errorf("%+v", report.Files[0])
			}
			if diff := cmp.Diff(ids(want), ids(got)); diff != "" {
				t.Error(diff)
			}
			if name == "aks-eventhub.json" && report.Ignored[reasonOther] != 1 {
				t.Errorf("ignored %v", report.Ignored)
			}
		})
	}
}

func TestANamedFileThatCanNotBeReadIsAFault(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"notes.txt": "not JSON", "blank": " \n", "broken.gz": "\x1f\x8b\xff\xff\xff\xff", "other.json": `{"a":1}`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	named := []string{filepath.Join(dir, "notes.txt"), filepath.Join(dir, "blank"), filepath.Join(dir, "broken.gz"), filepath.Join(dir, "other.json")}
	for _, tt := range []struct {
		what  string
		paths []string
		want  []string
	}{
		{"named", named, []string{"notes.txt", "broken.gz", "other.json"}},
		{"in a directory", []string{dir}, []string{"broken.gz"}},
		{"by a pattern", []string{filepath.Join(dir, "*")}, []string{"broken.gz"}},
		{"both", []string{dir, named[0]}, []string{"broken.gz", "notes.txt"}},
	} {
		report, err := Read(t.Context(), tt.paths, Options{Redactor: redact.Off()}, nil)
		if err != nil {
			t.Fatal(err)
		}
		var failed []string
		for _, f := range report.Files {
			if f.Skipped == "" {
				t.Errorf("%s: %s was read", tt.what, f.Path)
			}
			if f.Failed {
				failed = append(failed, filepath.Base(f.Path))
			}
		}
		if !slices.Equal(failed, tt.want) {
			t.Errorf("%s: failed %q, want %q", tt.what, failed, tt.want)
		}
	}
}
