package query

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/kubewake/kubewake/record"
)

// maxBack bounds how many revisions a point may lie before the newest.
const maxBack = 1 << 20

// ParsePoint reads which state is meant: "@{-1}" is the one before the newest, "@{0}" or nothing the newest; "rv:1234" or a bare
// number is a resourceVersion; everything else is a time as [ParseTime] reads it ("unix:1763647385" for unix seconds).
func ParsePoint(s string, now time.Time, loc *time.Location) (Point, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return Point{}, nil
	}
	if inner, ok := strings.CutPrefix(s, "@{"); ok {
		inner, closed := strings.CutSuffix(inner, "}")
		n, err := strconv.Atoi(inner)
		if !closed || err != nil || n > 0 || n < -maxBack {
			return Point{}, fmt.Errorf("%q is not a point: @{-1} is the state before the newest, @{0} the newest", clip(s))
		}
		return Point{Back: -n}, nil
	}
	number, named := strings.CutPrefix(s, "rv:")
	if rv, err := strconv.ParseUint(number, 10, 64); err == nil && rv > 0 {
		return Point{RV: record.ResourceVersion(rv)}, nil
	} else if named {
		return Point{}, fmt.Errorf("%q is not a point: a resourceVersion is a number, for example rv:1234", clip(s))
	}
	t, err := ParseTime(strings.TrimPrefix(s, "unix:"), now, loc)
	if err != nil {
		return Point{}, fmt.Errorf("%w; or name a state: rv:1234, @{-1}", err)
	}
	return Point{At: t}, nil
}

// String is the form that ParsePoint reads; empty for the newest state.
func (p Point) String() string {
	switch {
	case !p.At.IsZero():
		return p.At.UTC().Format(time.RFC3339Nano)
	case p.RV != 0:
		return "rv:" + strconv.FormatUint(uint64(p.RV), 10)
	case p.Back > 0:
		return "@{-" + strconv.Itoa(p.Back) + "}"
	}
	return ""
}
