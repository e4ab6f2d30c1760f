package local

import (
	"github.com/tidwall/gjson"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// lastBody is the newest manifest in a brief; nil where it has none.
func lastBody(b store.Brief) []byte {
	if b.End != nil && len(b.End.End.LastBody) > 0 {
		return b.End.End.LastBody
	}
	for _, r := range b.Newest {
		if r.Revision.Partial <= record.PartialMetadata && len(r.Revision.Body) > 0 {
			return r.Revision.Body
		}
	}
	return nil
}

// ownerIn reads the controller out of a manifest's ownerReferences, else the first owner, without decoding the rest.
func ownerIn(body []byte) (uid record.UID) {
	gjson.GetBytes(body, "metadata.ownerReferences").ForEach(func(_, ref gjson.Result) bool {
		controller := ref.Get("controller").Bool()
		if uid == "" || controller {
			uid = record.UID(ref.Get("uid").String())
		}
		return !controller
	})
	return uid
}
