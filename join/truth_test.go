package join

import (
	"testing"

	"github.com/kubewake/kubewake/internal/bruteforce"
)

// truthKey names a watched revision, or an end by the resourceVersion of its DELETED event.
type truthKey = bruteforce.Key

// truthOf says which audited request made each watched revision and end. It works from whole bodies alone, by brute
// force. A state for which they leave several fails the test, to be looked at by hand; so far none does.
func truthOf(t testing.TB, name string) map[truthKey]*rawEvent {
	t.Helper()
	c := load(t, name, false)
	var events []*bruteforce.Event
	of := map[*bruteforce.Event]*rawEvent{}
	for _, e := range c.events {
		events = append(events, &e.Event)
		of[&e.Event] = e
	}
	var lives []*bruteforce.Life
	for _, l := range c.objects {
		lives = append(lives, &bruteforce.Life{UID: l.ref.UID, Group: l.ref.Group, Resource: l.ref.Resource, Namespace: l.ref.Namespace, Name: l.ref.Name,
			Watched: l.watched, Listed: l.listed, End: l.end})
	}
	found := bruteforce.Of(events, lives)
	for _, k := range found.None {
		t.Logf("no audited request made %s %s/%s rv %d end=%v", c.objects[k.UID].ref.Kind, c.objects[k.UID].ref.Namespace, c.objects[k.UID].ref.Name, k.RV, k.End)
	}
	for k, list := range found.Several {
		t.Errorf("to be decided by hand: %s %s/%s uid %s rv %d end=%v", c.objects[k.UID].ref.Kind, c.objects[k.UID].ref.Namespace, c.objects[k.UID].ref.Name, k.UID, k.RV, k.End)
		for _, e := range list {
			t.Logf("   %s %s %s %s/%s answered %s [%s, %s] by %s", e.AuditID, e.Verb, e.ObjectRef.Subresource, e.ObjectRef.Namespace, e.ObjectRef.Name,
				e.Answer().Metadata.ResourceVersion, e.RequestReceivedTimestamp.Format("15:04:05.000000"), e.StageTimestamp.Format("05.000000"), e.UserAgent)
		}
	}
	truth := map[truthKey]*rawEvent{}
	for k, e := range found.Makers {
		truth[k] = of[e]
	}
	return truth
}
