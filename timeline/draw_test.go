package timeline

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/kubewake/kubewake/object"
)

// madeUp is a life of n states of a Pod, some at the same moment, and perhaps its end.
func madeUp(random *rand.Rand, n int) *Object {
	reasons := []string{"ContainerCreating", "ErrImagePull", "ImagePullBackOff", "Running", "CrashLoopBackOff", ""}
	o := &Object{Kind: "Pod"}
	at := int64(1000)
	for i := range n {
		at += random.Int64N(3) * random.Int64N(2000)
		reason := reasons[random.IntN(len(reasons))]
		body := fmt.Sprintf(`{"status":{"phase":"Pending","containerStatuses":[{"name":"main","state":{"waiting":{"reason":%q}}}]}}`, reason)
		if reason == "Running" {
			body = `{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}],"containerStatuses":[{"name":"main","ready":true,"state":{"running":{}}}]}}`
		}
		v, err := object.Parse([]byte(body))
		if err != nil {
			panic(err)
		}
		o.States = append(o.States, State{At: at, Early: at - random.Int64N(500), Value: v, ID: fmt.Sprint(i), Fragment: random.IntN(9) == 0})
	}
	if random.IntN(2) == 0 {
		o.End = &End{At: at + random.Int64N(1000)}
	}
	return o
}

// statusAt is the status in force at a moment, found in the plainest way; "" before the first.
func statusAt(o *Object, at int64) Class {
	var class Class
	for i := range o.States {
		if s := &o.States[i]; s.At <= at {
			status, _ := s.status(o.Group, o.Kind)
			class = status.Class
		}
	}
	if o.End != nil && o.End.At <= at {
		class = Deleted
	}
	return class
}

// TestBarsTile draws lives in columns of any size: bars tile the part of the life that the frame shows, no state in it is told as better than it was, and
// no bar is worse than the worst of it.
func TestBarsTile(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	merged := 0
	for range 300 {
		o := madeUp(random, 1+random.IntN(40))
		first, last := o.States[0].At, o.States[len(o.States)-1].At+2000
		f := Frame{From: first - 500 + random.Int64N(last-first), Bin: 1 + random.Int64N(1<<random.IntN(14))}
		f.To = f.From + 1 + random.Int64N(last-first)
		bars := Draw(o, f, true).Bars
		for i, b := range bars {
			if i > 0 && bars[i-1].To != b.From || b.To != 0 && b.To < b.From {
				t.Fatalf("bars %d and %d: %+v", i-1, i, bars)
			}
			if b.N > 0 {
				merged++
				if n := len(bars); b.To-b.From > 2*f.Bin || int64(n) > 3*f.Columns()+3 {
					t.Fatalf("%d bars in %d columns; one of %d states is %d long, a column %d", n, f.Columns(), b.N, b.To-b.From, f.Bin)
				}
			}
		}
		checkTold(t, o, f, bars)
	}
	if merged == 0 {
		t.Error("nothing was told together")
	}
}

// checkTold compares bars with the statuses in force at every moment at which one may begin.
func checkTold(t *testing.T, o *Object, f Frame, bars []Bar) {
	t.Helper()
	moments := []int64{f.From, f.To - 1}
	for i := range o.States {
		moments = append(moments, o.States[i].At)
	}
	for _, at := range moments {
		if at < f.From || at >= f.To {
			continue
		}
		want := statusAt(o, at)
		found := want == ""
		for _, b := range bars {
			if b.From <= at && (b.To == 0 || at < b.To) {
				found = true
				if want.WorseThan(b.Class) || b.N == 0 && want != b.Class {
					t.Fatalf("at %d it is %s, the bar says %+v", at, want, b)
				}
			}
		}
		if !found {
			t.Fatalf("at %d it is %s, but there is no bar in %+v", at, want, bars)
		}
	}
	for _, b := range bars { // a bar's class was in force within it
		found := false
		for i := range o.States {
			s := &o.States[i]
			status, _ := s.status(o.Group, o.Kind)
			found = found || status.Class == b.Class && s.At <= max(b.From, b.To) || b.To == 0 && status.Class == b.Class
		}
		if !found && (b.Class != Deleted || o.End == nil) {
			t.Fatalf("%+v was never so", b)
		}
	}
}

// TestWorstOfMomentsIsTold: a state that gave way at the same moment is told too.
func TestWorstOfMomentsIsTold(t *testing.T) {
	waiting := func(reason string) *object.Value {
		v, err := object.Parse([]byte(`{"status":{"phase":"Pending","containerStatuses":[{"state":{"waiting":{"reason":"` + reason + `"}}}]}}`))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	o := &Object{Kind: "Pod", States: []State{{At: 10, Value: waiting("ContainerCreating")}, {At: 20, Value: waiting("ErrImagePull")}, {At: 20, Value: waiting("ContainerCreating")}}}
	bad := 0
	for _, bin := range []int64{1, 5, 100} {
		for _, b := range Draw(o, Frame{From: 0, To: 100, Bin: bin}, false).Bars {
			if b.Class == Bad {
				bad++
			}
		}
	}
	if bad != 3 {
		t.Errorf("told %d times of 3", bad)
	}
}

// TestColumnsCountAll puts points into columns of any size: each is told once.
func TestColumnsCountAll(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		points := make([]Point, random.IntN(300))
		at, failed := random.Int64N(1000)-500, 0
		for i := range points {
			at += random.Int64N(100) * random.Int64N(2)
			points[i] = Point{At: at, Kind: Kind(random.IntN(int(Gap) + 1)), Failed: random.IntN(5) == 0}
			if points[i].Failed {
				failed++
			}
		}
		f := Frame{From: random.Int64N(1000), Bin: 1 + random.Int64N(5000)}
		f.To = f.From + 1 + random.Int64N(20_000)
		single, counts := Columns(points, f)
		told, toldFailed, column := len(single), 0, int64(-1)
		for _, i := range single {
			if points[i].Failed {
				toldFailed++
			}
		}
		for _, c := range counts {
			told += c.Total()
			toldFailed += c.Failed
			if c.Column <= column || c.Column >= f.Columns() || c.Total() < 2 {
				t.Fatalf("column %d behind %d, of %d, holds %d", c.Column, column, f.Columns(), c.Total())
			}
			column = c.Column
		}
		if told != len(points) || toldFailed != failed {
			t.Fatalf("%d of %d points told, %d of %d failures", told, len(points), toldFailed, failed)
		}
		if most := max(f.Columns(), int64(f.Few())); int64(len(single)+len(counts)) > most {
			t.Fatalf("%d marks and counts, at most %d are to be", len(single)+len(counts), most)
		}
	}
}

// TestStepsKeepExtremes draws a number in columns of any size: the greatest, the least and the last of what a column holds are told.
func TestStepsKeepExtremes(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		var list []Step
		for i := range 1 + random.IntN(50) {
			list = append(list, Step{At: int64(i) * (1 + random.Int64N(3)), Value: random.Int64N(10)})
		}
		for i := 1; i < len(list); i++ {
			list[i].At = max(list[i].At, list[i-1].At)
		}
		f := Frame{From: random.Int64N(30), To: 60 + random.Int64N(60), Bin: 1 + random.Int64N(30)}
		got := f.steps(list)
		var want []Step // those in force in the frame
		for i, s := range list {
			if s.At < f.To && (s.At > f.From || i == len(list)-1 || list[i+1].At > f.From) {
				want = append(want, s)
			}
		}
		low, high, last := extent(got)
		wantLow, wantHigh, wantLast := extent(want)
		if low != wantLow || high != wantHigh || last != wantLast {
			t.Fatalf("%v in %+v gives %v", list, f, got)
		}
		if int64(len(got)) > 3*(f.Columns()+1) {
			t.Fatalf("%d steps in %d columns", len(got), f.Columns())
		}
	}
}

func extent(steps []Step) (low, high, last int64) {
	low = math.MaxInt64
	for _, s := range steps {
		low, high, last = min(low, s.Value), max(high, s.Value), s.Value
	}
	return low, high, last
}

func TestRowsAreBounded(t *testing.T) {
	body := `{"status":{"conditions":[`
	for i := range 3 * MaxRows {
		body += fmt.Sprintf(`{"type":"T%d","status":"True"},`, i)
	}
	v, err := object.Parse([]byte(body[:len(body)-1] + `]}}`))
	if err != nil {
		t.Fatal(err)
	}
	d := Draw(&Object{Group: "example.com", Kind: "Thing", States: []State{{At: 1, Value: v}}}, Frame{To: 10, Bin: 1}, true)
	if len(d.Derived) != MaxRows || d.Cut == "" {
		t.Errorf("%d rows, cut %q", len(d.Derived), d.Cut)
	}
}

func TestColumn(t *testing.T) {
	f := Frame{From: 100, To: 200, Bin: 30}
	for at, want := range map[int64]int64{99: -1, 70: -1, 69: -2, 100: 0, 129: 0, 130: 1, 199: 3, 200: 3, 220: 4} {
		if got := f.Column(at); got != want {
			t.Errorf("%d lies in column %d, want %d", at, got, want)
		}
	}
	if f.Columns() != 4 {
		t.Errorf("%d columns", f.Columns())
	}
}
