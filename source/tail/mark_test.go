package tail

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMarks(t *testing.T) {
	long := strings.Repeat("p", 300)
	if k := markKey("", long); len(k) > 256 || k == markKey("", long+"x") {
		t.Error(k)
	}
	var states []state
	for i := range 1000 {
		states = append(states, state{Path: long, Offset: int64(i)})
	}
	b, err := encodeMark(states)
	if err != nil || len(b) > markBytes {
		t.Fatal(err, len(b))
	}
	got, err := decodeMark(b)
	if err != nil || len(got) == 0 || got[len(got)-1].Offset != 999 {
		t.Error(err, len(got))
	}
	for _, bad := range []string{"{", `[{"offset":-1}]`, `[{"headLen":5000,"offset":9000}]`, `[{"headLen":5,"offset":3}]`} {
		if _, err := decodeMark([]byte(bad)); err == nil {
			t.Error(bad)
		}
	}
	w := newWorld(t)
	w.sink.marks[markKey("", w.log)] = []byte("{")
	w.events("a")
	w.poll()
	w.want(0, "a")
}

// TestMachines: agents on several machines follow files of one path, and do not take them for one another's.
func TestMachines(t *testing.T) {
	w := newWorld(t)
	elsewhere := map[string]string{"a": filepath.Join(t.TempDir(), "a"), "b": filepath.Join(t.TempDir(), "b")}
	for round, id := range []string{"1", "2", "3"} {
		for _, machine := range []string{"a", "b"} {
			if round > 0 {
				w.must(os.Rename(elsewhere[machine], w.log))
			}
			w.config.Machine = machine
			w.restart()
			w.events(machine + id)
			w.settle()
			w.crash()
			w.must(os.Rename(w.log, elsewhere[machine]))
		}
	}
	w.want(0, "a1", "b1", "a2", "b2", "a3", "b3")
}
