package bruteforce

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubewake/kubewake/record"
)

var begin = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// event is a request to the Pod web, of UID u, that ran from one moment to another, in milliseconds.
func event(id, verb, sub string, code, from, to int, sent, answer string) *Event {
	e := &Event{AuditID: id, Verb: verb, Stage: "ResponseComplete", RequestObject: json.RawMessage(sent), ResponseObject: json.RawMessage(answer),
		RequestReceivedTimestamp: begin.Add(time.Duration(from) * time.Millisecond), StageTimestamp: begin.Add(time.Duration(to) * time.Millisecond)}
	e.ResponseStatus.Code = code
	e.ObjectRef.Resource, e.ObjectRef.Namespace, e.ObjectRef.Name, e.ObjectRef.Subresource = "pods", "shop", "web", sub
	return e
}

func pod(rv int, rest string) string {
	return fmt.Sprintf(`{"kind":"Pod","metadata":{"name":"web","namespace":"shop","uid":"u","resourceVersion":"%d"%s}}`, rv, rest)
}

func TestOf(t *testing.T) {
	const grace, now = `,"deletionTimestamp":"2026-03-01T08:00:30Z","deletionGracePeriodSeconds":30`, `,"deletionTimestamp":"2026-03-01T08:00:00Z","deletionGracePeriodSeconds":0`
	bound := `{"kind":"Pod","metadata":{"uid":"u","resourceVersion":"2"},"spec":{"nodeName":"a"}}`
	list := func(rv int) string { return `{"kind":"PodList","items":[` + pod(rv, "") + `]}` }
	status := `{"kind":"Status","status":"Success","details":{"uid":"u"}}`
	for name, c := range map[string]struct {
		events  []*Event
		watched []string // the last is followed by the end where end is set
		end     record.ResourceVersion
		want    string
	}{
		"a create":                     {[]*Event{event("c", "create", "", 201, 0, 5, "", pod(1, ""))}, []string{pod(1, "")}, 0, "1 c"},
		"of another object":            {[]*Event{event("c", "create", "", 201, 0, 5, "", strings.Replace(pod(1, ""), `"u"`, `"o"`, 1))}, []string{pod(1, "")}, 0, "1 nobody"},
		"refused":                      {[]*Event{event("c", "create", "", 409, 0, 5, "", pod(1, ""))}, []string{pod(1, "")}, 0, "1 nobody"},
		"an update, a no-op":           {[]*Event{event("u", "update", "", 200, 0, 5, pod(1, ""), pod(2, "")), event("n", "update", "", 200, 6, 9, pod(2, ""), pod(2, ""))}, []string{pod(1, ""), pod(2, "")}, 0, "1 nobody 2 u"},
		"patches in turn":              {[]*Event{event("p", "patch", "", 200, 0, 5, "{}", pod(2, "")), event("n", "patch", "", 200, 6, 9, "{}", pod(2, ""))}, []string{pod(1, ""), pod(2, "")}, 0, "1 nobody 2 p"},
		"patches at once":              {[]*Event{event("p", "patch", "", 200, 0, 5, "{}", pod(2, "")), event("n", "patch", "", 200, 3, 9, "{}", pod(2, ""))}, []string{pod(1, ""), pod(2, "")}, 0, "1 nobody 2 p|n"},
		"an update that names nothing": {[]*Event{event("p", "patch", "", 200, 0, 5, "{}", pod(2, "")), event("n", "update", "", 200, 6, 9, pod(0, ""), pod(2, ""))}, []string{pod(1, ""), pod(2, "")}, 0, "1 nobody 2 p"},
		"a binding":                    {[]*Event{event("b", "create", "binding", 201, 0, 5, "", status)}, []string{pod(1, ""), bound}, 0, "1 nobody 2 b"},
		"two evictions, told apart by what others made": {[]*Event{event("e", "create", "eviction", 201, 0, 5, "", status), event("f", "create", "eviction", 201, 9, 12, "", status),
			other("o", 3, 6, 8)}, []string{pod(1, ""), pod(2, "")}, 0, "1 nobody 2 e"},
		"a delete with grace": {[]*Event{event("d", "delete", "", 200, 0, 5, "", pod(2, grace)), event("k", "delete", "", 200, 2000, 2005, "", status)}, []string{pod(1, ""), pod(2, grace)}, 3, "1 nobody 2 d 3 end k"},
		"a collection":        {[]*Event{event("x", "deletecollection", "", 200, 0, 50, "{}", list(1))}, []string{pod(1, ""), pod(2, now)}, 4, "1 nobody 2 x 4 end x"},
		"a collection that listed an earlier state": {[]*Event{event("p", "patch", "", 200, 2, 4, "{}", pod(2, "")), event("x", "deletecollection", "", 200, 0, 50, "{}", list(1))},
			[]string{pod(1, ""), pod(2, ""), pod(3, grace)}, 0, "1 nobody 2 p 3 x"},
		"a delete while a collection runs": {[]*Event{event("p", "patch", "", 200, 2, 4, "{}", pod(2, "")), event("x", "deletecollection", "", 200, 0, 50, "{}", list(1)),
			event("d", "delete", "", 200, 30, 40, "", pod(3, grace))}, []string{pod(1, ""), pod(2, ""), pod(3, grace)}, 0, "1 nobody 2 p 3 d|x"},
		"a delete of what a collection had marked": {[]*Event{event("p", "patch", "", 200, 2, 4, "{}", pod(2, "")), event("x", "deletecollection", "", 200, 0, 50, "{}", list(1)),
			other("o", 4, 12, 14), event("d", "delete", "", 200, 30, 40, "", pod(3, grace))}, []string{pod(1, ""), pod(2, ""), pod(3, grace)}, 0, "1 nobody 2 p 3 x"},
		"a collection ends what changed since it was listed": {[]*Event{event("u", "update", "", 200, 10, 14, pod(1, ""), pod(2, "")), event("x", "deletecollection", "", 200, 0, 50, "{}", list(1))},
			[]string{pod(1, ""), pod(2, "")}, 3, "1 nobody 2 u 3 end x"},
		"two collections, told apart by what others made": {[]*Event{event("x", "deletecollection", "", 200, 0, 5, "{}", list(1)), other("o", 3, 6, 8),
			event("y", "deletecollection", "", 200, 9, 50, "{}", list(2))}, []string{pod(1, ""), pod(2, grace)}, 4, "1 nobody 2 x 4 end y"},
		"an eviction that is refused removes what a delete had marked": {[]*Event{event("e", "create", "eviction", 404, 0, 9, "", status),
			event("d", "delete", "", 200, 1, 8, "", strings.Replace(pod(0, now), `"resourceVersion":"0",`, "", 1))}, []string{pod(1, ""), pod(2, now)}, 3, "1 nobody 2 d 3 end d"},
		"a patch removes what a delete had marked": {[]*Event{event("p", "patch", "status", 200, 0, 9, "{}", pod(3, now)),
			event("d", "delete", "", 200, 1, 8, "", pod(0, now))}, []string{pod(1, ""), pod(2, now)}, 3, "1 nobody 2 d 3 end p|d"},
		"finalizers removed": {[]*Event{event("f", "update", "", 200, 0, 5, pod(2, grace), pod(2, grace))},
			[]string{pod(1, ""), pod(2, grace+`,"finalizers":["a"]`)}, 3, "1 nobody 2 nobody 3 end f"},
	} {
		t.Run(name, func(t *testing.T) {
			l := &Life{UID: "u", Resource: "pods", Namespace: "shop", Name: "web", End: c.end, Watched: map[record.ResourceVersion]json.RawMessage{}}
			var keys []Key
			for _, body := range c.watched {
				rv := Parse([]byte(body)).RV()
				l.Watched[rv] = json.RawMessage(body)
				keys = append(keys, Key{UID: "u", RV: rv})
			}
			if c.end != 0 {
				keys = append(keys, Key{UID: "u", RV: c.end, End: true})
			}
			truth := Of(c.events, []*Life{l})
			var got []string
			for _, k := range keys {
				who := "nobody"
				if e := truth.Makers[k]; e != nil {
					who = e.AuditID
				} else if list := truth.Several[k]; list != nil {
					who = list[0].AuditID + "|" + list[1].AuditID
				} else if !slices.Contains(truth.None, k) {
					who = "forgotten"
				}
				if k.End {
					who = "end " + who
				}
				got = append(got, fmt.Sprint(k.RV, " ", who))
			}
			if text := strings.Join(got, " "); text != c.want {
				t.Errorf("got %s, want %s", text, c.want)
			}
		})
	}
}

// other is a create of another object, which pins the clock.
func other(id string, rv, from, to int) *Event {
	e := event(id, "create", "", 201, from, to, "", strings.Replace(pod(rv, ""), `"u"`, `"o"`, 1))
	e.ObjectRef.Name = "other"
	return e
}

// Endpoints end with their Service, within its delete, unless a request of their own ended them.
func TestEndpoints(t *testing.T) {
	status := `{"kind":"Status","status":"Success","details":{"uid":"u"}}`
	service := func(id, verb string, from, to int, answer string) *Event {
		e := event(id, verb, "", 200, from, to, "", answer)
		e.ObjectRef.Resource = "services"
		return e
	}
	own := event("d", "delete", "", 200, 21, 24, "", status)
	own.ObjectRef.Resource = "endpoints"
	for name, c := range map[string]struct {
		events []*Event
		want   string
	}{
		"a delete":                    {[]*Event{service("s", "delete", 10, 15, `{"kind":"Status"}`), other("o", 8, 16, 18)}, "s"},
		"a collection":                {[]*Event{service("s", "deletecollection", 10, 15, `{"kind":"ServiceList","items":[`+pod(4, "")+`]}`)}, "s"},
		"a collection without it":     {[]*Event{service("s", "deletecollection", 10, 15, `{"kind":"ServiceList","items":[]}`)}, ""},
		"an earlier one of that name": {[]*Event{service("s", "delete", 0, 3, `{"kind":"Status"}`), other("o", 6, 5, 8)}, ""},
		"their own delete":            {[]*Event{service("s", "delete", 10, 25, `{"kind":"Status"}`), own}, "d"},
	} {
		l := &Life{UID: "u", Resource: "endpoints", Namespace: "shop", Name: "web", End: 7, Watched: map[record.ResourceVersion]json.RawMessage{5: json.RawMessage(pod(5, ""))}}
		got := ""
		if e := Of(c.events, []*Life{l}).Makers[Key{"u", 7, true}]; e != nil {
			got = e.AuditID
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestApart(t *testing.T) {
	for want, events := range map[time.Duration][]*Event{
		0:                    {other("a", 1, 0, 5), other("b", 2, 3, 9), other("c", 3, 4, 8)},
		3 * time.Millisecond: {other("a", 1, 10, 15), other("b", 2, 3, 7), other("c", 3, 16, 18)},
	} {
		if got := Apart(events); got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}

func TestStrip(t *testing.T) {
	e := event("d", "delete", "", 200, 0, 5, `{}`, `{"kind":"Status","details":{"uid":"u"}}`)
	e.Strip()
	if e.RequestObject != nil || e.ResponseObject != nil || e.Answer().Kind != "" || e.ResponseStatus.Details.UID != "u" || e.Level != "Metadata" {
		t.Errorf("%+v", e)
	}
}
