package audit

import (
	"github.com/kubewake/kubewake/internal/rawjson"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/manifest"
)

// Bounds of what a Decoder remembers of users, addresses and annotations that repeat.
const (
	maxRemembered     = 1 << 12
	maxRememberedSize = 4 << 10
)

// actor is who made the request. Users repeat byte by byte, so each is read once and shared.
func (d *Decoder) actor(e *event, q *record.Request) record.Actor {
	d.identity = append(append(append(d.identity[:0], e.user...), 0), e.impersonated...)
	a, ok := d.actors[string(d.identity)]
	if !ok {
		a = &record.Actor{}
		cut := d.readUser(e.user, a)
		if e.impersonated != nil {
			by := a.User
			*a = record.Actor{Impersonator: by}
			cut = d.readUser(e.impersonated, a) || cut
		}
		if d.actors == nil || len(d.actors) >= maxRemembered {
			d.actors = make(map[string]*record.Actor, 64)
		}
		if !cut && len(d.identity) <= maxRememberedSize {
			d.actors[string(d.identity)] = a
		}
		if cut {
			q.Flags |= record.FlagFieldsCut
		}
	}
	out := *a
	out.UserAgent = d.cut(q, d.in.String(e.userAgent), d.o.Limits.IDBytes)
	out.SourceIPs = d.addresses(e, q)
	return out
}

// readUser fills a from a user object and reports whether limits cut it.
func (d *Decoder) readUser(raw []byte, a *record.Actor) (cut bool) {
	limit := d.o.Limits
	c := rawjson.NewCursor(raw)
	bounded := func(dst *string) error {
		err := d.in.Text(&c, dst)
		if len(*dst) > limit.IDBytes {
			*dst, cut = (*dst)[:limit.IDBytes], true
		}
		return err
	}
	_ = c.Object(func(key []byte) error { // checked with the line
		switch string(key) {
		case "username":
			return bounded(&a.User)
		case "uid":
			return bounded(&a.UserUID)
		case "groups":
			return c.Array(func() error {
				if len(a.Groups) >= limit.Fields {
					cut = true
					return nil
				}
				var group string
				err := bounded(&group)
				a.Groups = append(a.Groups, group)
				return err
			})
		case "extra":
			return c.Object(func(key []byte) error {
				name := d.in.String(key)
				return c.Array(func() error {
					if len(a.Extra) >= limit.Fields {
						cut = true
						return nil
					}
					kv := record.KeyValue{Key: name}
					err := bounded(&kv.Value)
					a.Extra = append(a.Extra, kv)
					return err
				})
			})
		}
		return nil
	})
	manifest.SortPairs(a.Extra)
	return cut
}

func (d *Decoder) addresses(e *event, q *record.Request) []string {
	if e.sourceIPs == nil {
		return nil
	}
	list, ok := d.arrays[string(e.sourceIPs)]
	if ok {
		return list
	}
	c := rawjson.NewCursor(e.sourceIPs)
	_ = c.Array(func() error {
		if len(list) >= d.o.Limits.Fields {
			q.Flags |= record.FlagFieldsCut
			return nil
		}
		var s string
		err := d.in.Text(&c, &s)
		list = append(list, d.id(q, s))
		return err
	})
	if d.arrays == nil || len(d.arrays) >= maxRemembered {
		d.arrays = make(map[string][]string, 64)
	}
	if q.Flags&record.FlagFieldsCut == 0 && len(e.sourceIPs) <= maxRememberedSize {
		d.arrays[string(e.sourceIPs)] = list
	}
	return list
}
