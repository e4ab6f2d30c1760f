package trace

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/record"
)

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return t
}

func TestIDSaysItsQuestion(t *testing.T) {
	q := Question{Mode: 3, Modifier: 9, Window: Window{at("2026-11-20T14:03:00Z"), at("2026-11-20T14:33:00Z")},
		Object: HashOf("east", "4e1cd7ad-d75a-4a67-9ab4-d7b1f71d8f9a")}
	id := q.ID()
	if got := id.String()[:3]; got != "139" {
		t.Errorf("ID %s does not begin with version 1, mode 3, modifier 9", id)
	}
	back, err := ParseID(id.String())
	if err != nil {
		t.Fatal(err)
	}
	got, err := back.Question()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(q, got); diff != "" {
		t.Error(diff)
	}
	full := record.ObjectID("east", "4e1cd7ad-d75a-4a67-9ab4-d7b1f71d8f9a")
	if got, want := id.String()[18:], full.String()[18:]; got != want {
		t.Errorf("the ID ends with %s, the object's identity with %s", got, want)
	}
}

// TestSameQuestionLater: while the end of the window moves within a step of the grid, the ID stays.
func TestSameQuestionLater(t *testing.T) {
	for _, tc := range []struct {
		length, later time.Duration
		same          bool
	}{
		{30 * time.Minute, 50 * time.Second, true},
		{30 * time.Minute, time.Minute, false},
		{3 * time.Hour, 4 * time.Minute, true},
		{24 * time.Hour, 59 * time.Minute, true},
		{30 * 24 * time.Hour, 20 * time.Hour, true},
	} {
		end := at("2026-11-20T00:00:05Z")
		ask := func(end time.Time) ID {
			return Question{Mode: 1, Window: Window{end.Add(-tc.length), end}, Object: HashOf("c", "u")}.ID()
		}
		if got := ask(end) == ask(end.Add(tc.later)); got != tc.same {
			t.Errorf("%s, asked again %s later: same ID %v, want %v", tc.length, tc.later, got, tc.same)
		}
	}
}

func TestGrid(t *testing.T) {
	for _, tc := range []struct{ from, to, wantFrom, wantTo string }{
		{"2026-11-20T14:03:20Z", "2026-11-20T14:13:20.5Z", "2026-11-20T14:03:00Z", "2026-11-20T14:14:00Z"},
		{"2026-11-20T14:03:00Z", "2026-11-20T14:03:00Z", "2026-11-20T14:03:00Z", "2026-11-20T14:04:00Z"},
		{"2026-11-20T14:03:00Z", "2026-11-20T14:04:00.000000001Z", "2026-11-20T14:03:00Z", "2026-11-20T14:05:00Z"},
		{"2026-11-20T14:03:00Z", "2026-11-20T15:03:00Z", "2026-11-20T14:03:00Z", "2026-11-20T15:03:00Z"},
		{"2026-11-20T14:03:30Z", "2026-11-20T15:03:30Z", "2026-11-20T14:00:00Z", "2026-11-20T15:05:00Z"}, // widened, it is longer than an hour
		{"2026-11-20T14:03:30Z", "2026-11-21T14:03:30Z", "2026-11-20T14:00:00Z", "2026-11-21T15:00:00Z"},
		{"2026-11-01T14:03:30Z", "2026-11-21T14:03:30Z", "2026-11-01T00:00:00Z", "2026-11-22T00:00:00Z"},
		{"2026-11-20T14:03:00Z", "2026-11-20T13:00:00Z", "2026-11-20T14:03:00Z", "2026-11-20T14:04:00Z"}, // runs back: empty
		{"0001-01-01T00:00:00Z", "1970-01-01T00:00:30Z", "1970-01-01T00:00:00Z", "1970-01-01T00:01:00Z"},
		{"1970-01-01T00:00:00Z", "2026-11-20T13:00:00Z", "2018-05-21T00:00:00Z", "2026-11-21T00:00:00Z"}, // longer than an ID can say
	} {
		if got, want := Grid(at(tc.from), at(tc.to)), (Window{at(tc.wantFrom), at(tc.wantTo)}); got != want {
			t.Errorf("Grid(%s, %s) = %s to %s, want %s to %s", tc.from, tc.to, got.From, got.To, want.From, want.To)
		}
	}
}

func TestForeignIDs(t *testing.T) {
	for _, text := range []string{"", "1", "zz", "00000000000000000000000000000000", "ffffffffffffffffffffffffffffffff",
		"4bf92f3577b34da6a3ce929d0e0e4736", // of another tracer
		"10000000000000000000000000000000", // no mode
		"11000000000100000100000000000000", // off the grid
	} {
		if _, err := ParseID(text); !errors.Is(err, ErrID) {
			t.Errorf("ParseID(%q): error %v, want ErrID", text, err)
		}
	}
}

func FuzzID(f *testing.F) {
	q := Question{Mode: 1, Modifier: 2, Window: Window{at("2026-11-20T14:03:00Z"), at("2026-11-20T14:33:00Z")}, Object: HashOf("c", "u")}
	id := q.ID()
	f.Add(id[:])
	f.Add(make([]byte, 16))
	f.Fuzz(func(t *testing.T, b []byte) {
		var id ID
		copy(id[:], b)
		q, err := id.Question()
		if err != nil {
			return
		}
		if again := q.ID(); again != id {
			t.Errorf("%s says a question whose ID is %s", id, again)
		}
		if parsed, err := ParseID(id.String()); err != nil || parsed != id {
			t.Errorf("ParseID(%s) = %s, %v", id, parsed, err)
		}
	})
}

func FuzzGrid(f *testing.F) {
	f.Add(int64(1763640180), int64(1763647380), int64(5))
	f.Add(int64(-5), int64(1<<40), int64(999999999))
	f.Fuzz(func(t *testing.T, from, to, nanos int64) {
		const far = 1 << 40
		if from > far || from < -far || to > far || to < -far || nanos < 0 || nanos > 999999999 {
			return
		}
		a, b := time.Unix(from, nanos), time.Unix(to, nanos)
		w := Grid(a, b)
		if again := Grid(w.From, w.To); again != w {
			t.Errorf("the grid of %v is %v", w, again)
		}
		if !w.From.Before(w.To) {
			t.Errorf("%v is empty", w)
		}
		within := from >= 0 && to >= from && to-from < maxLength-2*day && to < maxStart-day
		if within && (w.From.After(a) || w.To.Before(b)) {
			t.Errorf("%v does not hold %v to %v", w, a, b)
		}
		q := Question{Mode: 1, Window: w}
		if back, err := q.ID().Question(); within && (err != nil || back.Window != w) {
			t.Errorf("%v comes back as %v, %v", w, back.Window, err)
		}
	})
}
