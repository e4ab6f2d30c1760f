package webhook

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kubewake/kubewake/record"
)

func TestUnreadableEventsBecomeGaps(t *testing.T) {
	s := start(t, func(c *Config) { c.Limits.EventBytes = 1000 })
	secret := "hidden-in-the-event"
	long := `{"auditID":"` + strings.Repeat(secret, 100) + `","requestReceivedTimestamp":"2026-11-20T15:50:00Z","stageTimestamp":"2026-11-20T15:50:01Z"}`
	body := eventList(event("a"), `{"auditID":"`+secret+`"}`, `{"a":tru}`, long, `3`, event("b"))
	for range 2 {
		if got := s.send(body); got.status != 200 {
			t.Fatalf("%+v", got)
		}
	}
	if k := s.sink.kinds(); k[record.KindRequest] != 2 || k[record.KindGap] != 4 {
		t.Errorf("%v", k)
	}
	reasons := map[record.GapReason]int{}
	for _, r := range s.sink.gaps() {
		reasons[r.Gap.Reason]++
		if strings.Contains(r.Gap.Detail, secret) || r.Gap.Key == "" || r.Gap.Count != 1 || r.Ref.Cluster != "prod" {
			t.Errorf("%+v", r.Gap)
		}
		if r.Gap.Reason == record.GapDropped && (r.OccurredAt.IsZero() || r.Gap.Until.Sub(r.OccurredAt) != time.Second) {
			t.Errorf("times of the long one: %v %v", r.OccurredAt, r.Gap.Until)
		}
	}
	if reasons[record.GapUndecodable] != 3 || reasons[record.GapDropped] != 1 {
		t.Errorf("%v", reasons)
	}
}

func TestManyUnreadableEventsShareAGap(t *testing.T) {
	s := start(t, nil)
	var items []string
	for i := range maxGaps + 50 {
		items = append(items, fmt.Sprint(i))
	}
	for range 2 {
		if got := s.send(eventList(items...)); got.status != 200 {
			t.Fatalf("%+v", got)
		}
	}
	total := int64(0)
	for _, g := range s.sink.gaps() {
		total += g.Gap.Count
	}
	if n := len(s.sink.gaps()); n != maxGaps+1 || total != int64(len(items)) {
		t.Errorf("%d gaps for %d events", n, total)
	}
}

func TestWhatIsNoBatch(t *testing.T) {
	s := start(t, nil)
	whole := eventList(event("a"), event("b"))
	for _, tt := range []struct {
		name, body string
		headers    []string
		status     int
	}{
		{"empty", "", nil, 400},
		{"text", "hello", nil, 400},
		{"another list", `{"kind":"PodList","apiVersion":"v1","items":[]}`, nil, 400},
		{"one event", event("a"), nil, 400},
		{"cut", whole[:len(whole)-40], nil, 400},
		{"more behind", whole + "{}", nil, 400},
		{"not gzip", whole, []string{"Content-Encoding", "gzip"}, 400},
		{"cut gzip", packed(whole)[:60], []string{"Content-Encoding", "gzip"}, 400},
		{"other packing", whole, []string{"Content-Encoding", "br"}, 415},
		{"protobuf", whole, []string{"Content-Type", "application/vnd.kubernetes.protobuf"}, 415},
		{"a form", whole, []string{"Content-Type", "application/x-www-form-urlencoded"}, 415},
	} {
		if got := s.send(tt.body, tt.headers...); got.status != tt.status || got.text == "" {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
	if s.sink.calls != 0 {
		t.Errorf("%d deliveries", s.sink.calls)
	}
	r, _ := http.NewRequest(http.MethodGet, s.url+"/audit/prod", nil)
	response, err := s.client.Do(r)
	if err != nil || response.StatusCode != http.StatusMethodNotAllowed || response.Header.Get("Allow") != "POST" {
		t.Errorf("%v %+v", err, response)
	}
}
