package serve

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubewake/kubewake/api/intake"
	"github.com/kubewake/kubewake/collect"
	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/ingest/spool"
	"github.com/kubewake/kubewake/ingest/wire"
	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/source/otlp"
	"github.com/kubewake/kubewake/source/push"
	"github.com/kubewake/kubewake/source/webhook"
)

// described keeps what is registered with it: name and labels of each metric, whether it has values or not.
type described struct {
	prometheus.Registerer
	metrics map[string]string // name to labels
}

// descText is how the library writes a description; it offers no other way to read one.
var descText = regexp.MustCompile(`^Desc\{fqName: "(\w+)", help: ".*", constLabels: \{\}, variableLabels: \{([\w,]*)\}\}$`)

func (d *described) MustRegister(collectors ...prometheus.Collector) {
	for _, c := range collectors {
		descs := make(chan *prometheus.Desc, 100)
		c.Describe(descs)
		close(descs)
		for desc := range descs {
			m := descText.FindStringSubmatch(desc.String())
			if m == nil {
				panic("not understood: " + desc.String())
			}
			d.metrics[m[1]] = strings.ReplaceAll(m[2], ",", ", ")
		}
	}
}

func (d *described) Register(c prometheus.Collector) error {
	d.MustRegister(c)
	return nil
}

// noSink is enough to make sources that nobody starts.
type noSink struct{ ingest.Sink }

// The table in the documentation holds every metric of serve and agent with its labels, and no other.
func TestMetricsAreDocumented(t *testing.T) {
	registered := &described{metrics: map[string]string{}}
	ingest.NewMetrics(registered)
	spool.NewMetrics(registered)
	wire.NewMetrics(registered)
	intake.NewMetrics(registered)
	webhook.NewMetrics(registered)
	otlp.NewMetrics(registered)
	push.NewMetrics(registered)
	if _, err := collect.New(collect.Config{}, collect.Process{Sink: noSink{}, Redactor: redact.Off(), Metrics: registered}); err != nil {
		t.Fatal(err)
	}
	registered.MustRegister(newLiveMetrics(nil, nil))

	page, err := os.ReadFile("../docs/record-your-cluster.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]string{}
	row := regexp.MustCompile("(?m)^\\| `(kubewake_\\w+)` \\| ([^|]*) \\| [^|]+ \\|$")
	for _, m := range row.FindAllStringSubmatch(string(page), -1) {
		if _, twice := documented[m[1]]; twice {
			t.Errorf("%s is documented twice", m[1])
		}
		documented[m[1]] = strings.TrimSpace(m[2])
	}
	if diff := cmp.Diff(registered.metrics, documented); diff != "" {
		t.Errorf("registered -, docs/record-your-cluster.md +\n%s", diff)
	}
}
