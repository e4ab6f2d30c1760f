package manifest

import "github.com/kubewake/kubewake/internal/rawjson"

// Bounds of what an Interner remembers.
const (
	maxInterned     = 1 << 14
	maxInternedSize = 512
)

// Interner gives equal strings the same memory: users, groups, resources and keys repeat in every event. It
// belongs to one goroutine. The zero value is ready; its memory is bounded.
type Interner struct{ seen map[string]string }

// String of b, shared with earlier equal ones.
func (in *Interner) String(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if s, ok := in.seen[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(s) > maxInternedSize {
		return s
	}
	if in.seen == nil || len(in.seen) >= maxInterned {
		in.seen = make(map[string]string, 256)
	}
	in.seen[s] = s
	return s
}

// text reads a string value; another value leaves dst alone.
func (in *Interner) text(c *rawjson.Cursor, dst *string) error {
	var b []byte
	if err := text(c, &b); err != nil {
		return err
	}
	if b != nil {
		*dst = in.String(b)
	}
	return nil
}

// Text is the shared string of the value that c stands before; another value leaves dst alone.
func (in *Interner) Text(c *rawjson.Cursor, dst *string) error { return in.text(c, dst) }

// Slab copies small byte slices into larger pieces of memory: one allocation for many bodies. It belongs to one goroutine.
type Slab struct{ free []byte }

const slabSize = 64 << 10

// Copy of b.
func (s *Slab) Copy(b []byte) []byte {
	n := len(b)
	if n == 0 {
		return nil
	}
	if n > slabSize/4 {
		return append(make([]byte, 0, n), b...)
	}
	if n > len(s.free) {
		s.free = make([]byte, slabSize)
	}
	out := s.free[:n:n]
	copy(out, b)
	s.free = s.free[n:]
	return out
}
