package object

import (
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/kubewake/kubewake/record"
)

// Equal reports whether two documents of one kind mean the same: numbers, quantities and timestamps by value,
// items of keyed lists and sets in any order, a null member as a missing one. Redacted values under different
// keys are not equal; see Diff for telling them from changed ones.
func Equal(a, b *Value, s Schema) bool { return sameMeaning(a, b, s) == same }

// verdict on two values.
type verdict uint8

const (
	same verdict = iota
	incomparable
	different
)

// sameMeaning compares two values with all that is below them; different wins over incomparable.
func sameMeaning(a, b *Value, s Schema) verdict {
	if a == b || (a.absent() && b.absent()) {
		return same
	}
	if a.absent() || b.absent() {
		return different
	}
	if a.kind != b.kind || a.leaf() && b.leaf() {
		return sameLeaf(a, b, s)
	}
	if asWritten(a, b) {
		return same
	}
	if a.kind == Array {
		return sameItems(a, b, s)
	}
	worst := same
	for pair := range memberPairs(a, b) {
		if v := sameMeaning(pair.a, pair.b, s.field(pair.name)); v > worst {
			worst = v
			if worst == different {
				return worst
			}
		}
	}
	return worst
}

func sameItems(a, b *Value, s Schema) verdict {
	if len(a.Items()) != len(b.Items()) {
		return different
	}
	m := matchItems(a.Items(), b.Items(), s)
	if len(m.gone) > 0 || m.moved {
		return different
	}
	item, worst := s.item(), same
	for i, from := range m.from {
		if from < 0 {
			return different
		}
		worst = max(worst, sameMeaning(a.Items()[from], b.Items()[i], item))
		if worst == different {
			return worst
		}
	}
	return worst
}

// sameLeaf compares scalars and values of different kinds.
func sameLeaf(a, b *Value, s Schema) verdict {
	if a.kind == b.kind && a.text == b.text {
		return same
	}
	if a.kind == String && b.kind == String {
		if v, ok := sameRedacted(a.text, b.text); ok {
			return v
		}
	}
	switch s.node().means {
	case quantity:
		if sameQuantity(a, b) {
			return same
		}
	case timestamp:
		if sameTime(a, b) {
			return same
		}
	default:
		if s.at == unknownNode && sameTime(a, b) {
			return same
		}
	}
	if a.kind == Number && b.kind == Number && sameNumber(a.text, b.text) {
		return same
	}
	return different
}

// sameRedacted compares values of which at least one was redacted: redacted:<key ID>:<digest>.
func sameRedacted(a, b string) (verdict, bool) {
	ra, rb := strings.HasPrefix(a, record.RedactedMark), strings.HasPrefix(b, record.RedactedMark)
	if !ra && !rb {
		return same, false
	}
	if ra && rb && redactionKey(a) == redactionKey(b) {
		return different, true
	}
	return incomparable, true
}

func redactionKey(s string) string {
	key, _, _ := strings.Cut(s[len(record.RedactedMark):], ":")
	return key
}

func isRedacted(v *Value) bool { return strings.HasPrefix(v.Str(), record.RedactedMark) }

func sameTime(a, b *Value) bool {
	if a.kind != String || b.kind != String || !maybeTime(a.text) || !maybeTime(b.text) {
		return false
	}
	ta, errA := time.Parse(time.RFC3339Nano, a.text)
	tb, errB := time.Parse(time.RFC3339Nano, b.text)
	return errA == nil && errB == nil && ta.Equal(tb)
}

func maybeTime(s string) bool { return len(s) >= 20 && len(s) <= 64 && s[4] == '-' && s[10] == 'T' }

func sameQuantity(a, b *Value) bool {
	qa, okA := parseQuantity(a)
	qb, okB := parseQuantity(b)
	return okA && okB && qa.Cmp(qb) == 0
}

// parseQuantity reads a string or a number. Long texts and great exponents are refused: they are no
// quantity that the API accepts, and would cost much.
func parseQuantity(v *Value) (resource.Quantity, bool) {
	if v.kind != String && v.kind != Number || len(v.text) > 48 {
		return resource.Quantity{}, false
	}
	if i := strings.IndexAny(v.text, "eE"); i >= 0 && len(v.text)-i > 4 {
		return resource.Quantity{}, false
	}
	q, err := resource.ParseQuantity(v.text)
	return q, err == nil
}

// sameNumber compares two JSON numbers by value: 1, 1.0 and 10e-1 are the same.
func sameNumber(a, b string) bool {
	if a == b {
		return true
	}
	da, okA := decimalOf(a)
	db, okB := decimalOf(b)
	return okA && okB && da == db
}

// decimal is a number as sign, digits without zeros at either end, and a power of ten.
type decimal struct {
	negative bool
	digits   string
	exponent int
}

func decimalOf(s string) (decimal, bool) {
	var d decimal
	s, d.negative = strings.TrimPrefix(s, "-"), strings.HasPrefix(s, "-")
	mantissa := s
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa = s[:i]
		sign, digits := 1, strings.TrimPrefix(s[i+1:], "+")
		if strings.HasPrefix(digits, "-") {
			sign, digits = -1, digits[1:]
		}
		digits = strings.TrimLeft(digits, "0")
		if len(digits) > 9 {
			return d, false
		}
		for _, c := range []byte(digits) {
			d.exponent = d.exponent*10 + int(c-'0')
		}
		d.exponent *= sign
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	d.exponent -= len(fraction)
	digits := strings.TrimLeft(whole+fraction, "0")
	d.digits = strings.TrimRight(digits, "0")
	d.exponent += len(digits) - len(d.digits)
	if d.digits == "" {
		return decimal{}, true
	}
	return d, true
}
