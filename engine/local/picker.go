package local

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/store"
)

// picker chooses catalogue entries by name, by label and by place in the order.
type picker struct {
	glob     query.Glob
	prefix   string // every name that glob matches begins so
	selector query.Selector
	after    []string // the key of the last entry already given
}

func newPicker(q query.Objects) (*picker, error) {
	selector, err := query.ParseSelector(q.Selector)
	if err != nil {
		return nil, engine.Errorf(engine.KindBadQuestion, "%s", err.Error())
	}
	glob := query.Glob(q.Name)
	return &picker{glob: glob, prefix: glob.Prefix(), selector: selector}, nil
}

// passed reports whether an earlier piece of the list already gave the entry.
func (p *picker) passed(e *store.Entry) bool {
	return p.after != nil && slices.Compare(entryKey(e), p.after) <= 0
}

// entryKey sorts as the catalogue does.
func entryKey(e *store.Entry) []string {
	rv := strconv.FormatUint(uint64(e.FirstRV), 10)
	return []string{string(e.Ref.Cluster), e.Ref.Group, e.Ref.Resource, e.Ref.Namespace, e.Ref.Name,
		strings.Repeat("0", 20-len(rv)) + rv, string(e.Ref.UID)}
}

// labelsOf reads the labels out of a manifest without decoding the rest.
func labelsOf(body []byte) map[string]string {
	out := map[string]string{}
	gjson.GetBytes(body, "metadata.labels").ForEach(func(key, value gjson.Result) bool {
		out[key.String()] = value.String()
		return true
	})
	return out
}

// shown is the moment by which an interval is shown: its end, or its beginning where only that is known.
func shown(w index.Interval) time.Time {
	if w.NotAfter.IsZero() {
		return w.NotBefore
	}
	return w.NotAfter
}

func itoa(n int) string { return strconv.Itoa(n) }
