package audit

import (
	"github.com/kubewake/kubewake/internal/rawjson"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/manifest"
)

// Admission appends the Request that an AdmissionReview tells of, as an admission webhook that writes its reviews to
// a log sees it (with a requestReceivedTimestamp beside the request). Whether the apiserver carried it out is not
// known, so it never makes a Revision or an End.
func (d *Decoder) Admission(dst []*record.Record, raw []byte) ([]*record.Record, error) {
	e := &d.event
	*e = event{stage: record.StageAdmission, hasRef: true}
	c := rawjson.NewCursor(raw)
	var operation []byte
	var old manifest.Head
	err := c.Object(func(key []byte) error {
		switch string(key) {
		case "request":
			return c.Object(func(key []byte) error {
				switch string(key) {
				case "operation":
					return text(&c, &operation)
				case "oldObject":
					var err error
					old, err = body(&c, raw, &e.skipped)
					return err
				}
				return e.admission(&c, raw, key)
			})
		case "requestReceivedTimestamp":
			return text(&c, &e.received)
		}
		return nil
	})
	if err == nil {
		err = c.End()
	}
	if err != nil {
		return dst, err
	}
	e.spaced = c.Spaced()
	switch string(operation) {
	case "CREATE":
		e.verb = []byte("create")
	case "UPDATE":
		e.verb = []byte("update")
		e.namedRV = []byte(nil)
		e.uid = old.UID
	case "DELETE":
		e.verb = []byte("delete")
		e.uid = old.UID
		e.sent = manifest.Head{}
	case "CONNECT":
		e.verb = []byte("connect")
	default:
		return dst, ErrNotEvent
	}
	if err := e.derive(); err != nil {
		return dst, err
	}
	d.compact(e)
	r := d.request(e)
	r.Request.Flags |= record.FlagUnknownResult
	if string(operation) == "UPDATE" {
		r.Request.NamedRV = old.RV
	}
	r.Provenance = record.Provenance{ReceivedAt: d.o.ReceivedAt, Sources: record.FromAdmission}
	return append(dst, r), nil
}

// admission reads one member of an AdmissionReview's request.
func (e *event) admission(c *rawjson.Cursor, whole, key []byte) (err error) {
	switch string(key) {
	case "uid":
		return text(c, &e.auditID)
	case "requestResource", "resource":
		if string(key) == "resource" && len(e.resource) > 0 { // requestResource is what the client asked for
			return nil
		}
		return c.Object(func(key []byte) error {
			switch string(key) {
			case "group":
				return text(c, &e.apiGroup)
			case "version":
				return text(c, &e.refVersion)
			case "resource":
				return text(c, &e.resource)
			}
			return nil
		})
	case "subResource":
		return text(c, &e.subresource)
	case "name":
		return text(c, &e.name)
	case "namespace":
		return text(c, &e.namespace)
	case "userInfo":
		return raw(c, &e.user)
	case "object":
		e.sent, err = body(c, whole, &e.skipped)
	case "dryRun":
		e.dryRun = c.Kind() == 't'
	}
	return err
}
