package webhook

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/internal/settings"
)

func TestSettingsAreReadFromAFile(t *testing.T) {
	var got Settings
	err := settings.Read("x.yaml", []byte(`
addresses: [{range: 10.0.0.0/8, cluster: prod}]
limits: {batchBytes: 1000, idleRead: 3s}
forward: [{url: "https://siem/{cluster}", queueBytes: 5, tls: {ca: /ca.pem}}]
dump: {directory: /dump, files: 3}
`), &got)
	if err != nil {
		t.Fatal(err)
	}
	want := Settings{Addresses: []Address{{"10.0.0.0/8", "prod"}}, Limits: Limits{BatchBytes: 1000, IdleRead: 3 * time.Second}, Dump: Dump{Directory: "/dump", Files: 3}}
	want.Forward = []Forward{{URL: "https://siem/{cluster}", QueueBytes: 5}}
	want.Forward[0].TLS.CA = "/ca.pem"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	var printed strings.Builder
	if err := settings.Print(&printed, got); err != nil {
		t.Fatal(err)
	}
	var again Settings
	if err := settings.Read("y.yaml", []byte(printed.String()), &again); err != nil || !cmp.Equal(got, again) {
		t.Errorf("%v\n%s", err, printed.String())
	}
	if err := settings.Read("x.yaml", []byte("limits: {batchByte: 1}"), &got); err == nil || !strings.Contains(err.Error(), "batchByte") {
		t.Errorf("an unknown key: %v", err)
	}
}

func TestDefaultsFitEachOther(t *testing.T) {
	l := Limits{BatchBytes: 1 << 30}.withDefaults()
	if l.InFlightBytes < l.BatchBytes || l.EventBytes > l.BatchBytes || l.Timeout != 30*time.Second {
		t.Errorf("%+v", l)
	}
	if l = (Limits{BatchBytes: 1000}).withDefaults(); l.EventBytes != 1000 {
		t.Errorf("%+v", l)
	}
}
