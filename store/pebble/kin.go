package pebble

import (
	"strings"

	"github.com/cespare/xxhash/v2"

	"github.com/kubewake/kubewake/record"
)

const kinLen = 6

// kin sorts revisions within a bucket so that objects that look alike lie together, which is what block compression lives on:
// two bytes for the kind, three for the name without what generateName made up, one for the namespace. It is a function of one record;
// where two records of an object disagree (a partial answer that tells no kind) the object has two places.
type kin [kinLen]byte

func kinOf(r *record.Record) (k kin) {
	kind := r.Ref.Kind
	if kind == "" {
		kind = r.Ref.Resource
	}
	h := xxhash.Sum64String(kind)
	k[0], k[1] = byte(h>>8), byte(h)
	h = xxhash.Sum64String(stem(r.Ref.Name))
	k[2], k[3], k[4] = byte(h>>16), byte(h>>8), byte(h)
	k[5] = byte(xxhash.Sum64String(r.Ref.Namespace))
	return k
}

// stem takes off a name what Kubernetes generates behind it: "web-6d4cf56db6-x7k2p" and "web-6d4cf56db6" give "web", "db-12" gives "db".
func stem(name string) string {
	for range 2 {
		i := strings.LastIndexByte(name, '-')
		if i <= 0 || !generated(name[i+1:]) {
			return name
		}
		name = name[:i]
	}
	return name
}

// generated reports whether a part of a name is a number, or five to ten of the characters that apimachinery's names are made of.
func generated(part string) bool {
	digits := true
	for i := range len(part) {
		digits = digits && part[i] >= '0' && part[i] <= '9'
	}
	if digits {
		return len(part) > 0
	}
	if len(part) < 5 || len(part) > 10 {
		return false
	}
	for i := range len(part) {
		if strings.IndexByte("bcdfghjklmnpqrstvwxz2456789", part[i]) < 0 {
			return false
		}
	}
	return true
}
