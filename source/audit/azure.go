package audit

import (
	"bytes"

	"github.com/kubewake/kubewake/internal/rawjson"
)

// skippedBody stands in AKS's logs in the place of a body that was too large for them.
const skippedBody = `"skipped-too-big-size-object"`

// tableColumns are the columns of AKS's resource-specific tables AKSAudit and AKSAuditAdmin, and the members of an
// audit event that they were made from. Times are datetime, the last seven dynamic: values, or text that holds them.
var tableColumns = [...]struct {
	column, member string
	dynamic        bool
}{
	{"Level", "level", false}, {"AuditId", "auditID", false}, {"Stage", "stage", false}, {"RequestUri", "requestURI", false},
	{"Verb", "verb", false}, {"UserAgent", "userAgent", false},
	{"RequestReceivedTime", "requestReceivedTimestamp", false}, {"StageReceivedTime", "stageTimestamp", false},
	{"User", "user", true}, {"SourceIps", "sourceIPs", true}, {"ObjectRef", "objectRef", true}, {"ResponseStatus", "responseStatus", true},
	{"RequestObject", "requestObject", true}, {"ResponseObject", "responseObject", true}, {"Annotations", "annotations", true},
}

// tableRow writes a row of AKSAudit or AKSAuditAdmin as the audit event it came from; nil where raw is none.
// The tables have no column for impersonation: such a request shows the user it was made as.
func tableRow(raw []byte) []byte {
	out := make([]byte, 0, len(raw)+64)
	out = append(out, `{"kind":"Event","apiVersion":"audit.k8s.io/v1"`...)
	err := rawjson.Object(raw, func(key, value []byte) error {
		for _, c := range tableColumns {
			if string(key) != c.column {
				continue
			}
			if c.dynamic {
				value = dynamic(value)
			}
			if len(value) > 0 {
				out = append(append(append(append(out, `,"`...), c.member...), `":`...), value...)
			}
		}
		return nil
	})
	if err != nil {
		return nil
	}
	return append(out, '}')
}

// dynamic is the value of a dynamic column: exports write it as itself or as text. Nil where it is empty or null.
func dynamic(value []byte) []byte {
	text, ok := rawjson.Unquote(value)
	if !ok {
		if value[0] == 'n' {
			return nil
		}
		return value
	}
	if string(value) == skippedBody {
		return value
	}
	text = bytes.TrimSpace(text)
	if len(text) == 0 || text[0] != '{' && text[0] != '[' {
		return nil
	}
	if _, err := rawjson.Valid(text); err != nil {
		return nil
	}
	return text
}
