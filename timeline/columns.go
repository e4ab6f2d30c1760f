package timeline

// Kind is how a record is counted.
type Kind uint8

// The kinds of record.
const (
	Change  Kind = iota // a revision, an end, a request that may change something
	Read                // get, list, watch
	Normal              // an Event
	Warning             // one that warns
	Span                // also logs and what was pushed
	Gap                 // a hole
)

// Point is one record on the axis.
type Point struct {
	At     int64
	Kind   Kind
	Failed bool // a request that failed
}

// Counts are those of the records of one column.
type Counts struct {
	Column                                     int64
	Changes, Reads, Normal, Warning, Span, Gap int
	Failed                                     int // among the others
}

// Add counts a record.
func (c *Counts) Add(p Point) {
	switch p.Kind {
	case Change:
		c.Changes++
	case Read:
		c.Reads++
	case Normal:
		c.Normal++
	case Warning:
		c.Warning++
	case Span:
		c.Span++
	case Gap:
		c.Gap++
	}
	if p.Failed {
		c.Failed++
	}
}

// Total of all records.
func (c *Counts) Total() int { return c.Changes + c.Reads + c.Normal + c.Warning + c.Span + c.Gap }

// When records are few they are drawn one by one, even where two share a column: a lane's handful, or at near zoom what half of its columns
// would hold.
const (
	fewOf   = 8    // one for so many columns
	fewNear = 2    // at near zoom
	near    = 1000 // columns of at most so many microseconds are near zoom
	few     = 16   // at least
)

// Few is how many records of a lane are drawn one by one, whatever columns they fall in.
func (f Frame) Few() int {
	n := f.Columns() / fewOf
	if f.Bin <= near {
		n = f.Columns() / fewNear
	}
	return int(max(few, n))
}

// Columns sorts records into those that are drawn one by one, by their place in points, and the counts of columns that hold several. Points
// are in order of time; those outside of the frame count in its first or last column. Together both are at most as many as there are columns, or
// Few.
func Columns(points []Point, f Frame) (single []int, counts []Counts) {
	one := len(points) <= f.Few()
	last := f.Columns() - 1
	column := func(i int) int64 { return min(max(f.Column(points[i].At), 0), last) }
	for i := 0; i < len(points); {
		c := Counts{Column: column(i)}
		end := i
		for ; end < len(points) && column(end) == c.Column; end++ {
			c.Add(points[end])
		}
		if one || end-i == 1 {
			for ; i < end; i++ {
				single = append(single, i)
			}
			continue
		}
		counts, i = append(counts, c), end
	}
	return single, counts
}
