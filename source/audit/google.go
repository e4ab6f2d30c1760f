package audit

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/kubewake/kubewake/internal/rawjson"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/manifest"
)

// GoogleCluster is the cluster that a LogEntry of GKE names; empty where it names none.
func GoogleCluster(raw []byte) record.Cluster {
	name, _ := rawjson.String(rawjson.Get(raw, "resource", "labels", "cluster_name"))
	if len(name) > 256 {
		return ""
	}
	return record.Cluster(name)
}

// Google appends the records of one LogEntry whose protoPayload is a google.cloud.audit.AuditLog of a GKE apiserver.
// The form keeps neither the URI nor the HTTP status nor a second time: the URI is the resource's path, the status is
// the one that belongs to the gRPC code, and the latency is zero.
func (d *Decoder) Google(dst []*record.Record, raw []byte) ([]*record.Record, error) {
	if _, err := rawjson.Valid(raw); err != nil {
		return dst, err
	}
	get := func(path ...string) []byte { return rawjson.Get(raw, path...) }
	str := func(path ...string) []byte { s, _ := rawjson.Unquote(get(path...)); return s }
	if service := string(str("protoPayload", "serviceName")); service != "k8s.io" {
		return dst, ErrNotEvent
	}
	e := &d.event
	*e = event{stage: record.StageResponseComplete, hasRef: true, spaced: true}
	if first, last := get("operation", "first"), get("operation", "last"); string(first) == "true" && string(last) != "true" {
		e.stage = record.StageResponseStarted
	}
	if e.auditID = str("operation", "id"); len(e.auditID) == 0 {
		e.auditID = str("insertId")
	}
	e.received, e.staged = str("timestamp"), str("timestamp")
	e.userAgent = str("protoPayload", "requestMetadata", "callerSuppliedUserAgent")
	if ip := get("protoPayload", "requestMetadata", "callerIp"); len(ip) > 0 {
		e.sourceIPs = append(append([]byte{'['}, ip...), ']')
	}
	if user := get("protoPayload", "authenticationInfo", "principalEmail"); len(user) > 0 {
		e.user = append(append([]byte(`{"username":`), user...), '}')
	}
	e.annotations = get("labels")
	if bytes.HasPrefix(e.annotations, []byte("n")) {
		e.annotations = nil
	}
	method := string(str("protoPayload", "methodName"))
	e.verb = []byte(method[strings.LastIndexByte(method, '.')+1:])
	e.googleResource(string(str("protoPayload", "resourceName")))
	code, _ := strconv.Atoi(string(get("protoPayload", "status", "code")))
	e.code, e.message = httpStatus(code, string(e.verb)), str("protoPayload", "status", "message")
	e.level = []byte("Metadata")
	for _, part := range [...]struct {
		name string
		to   *manifest.Head
	}{{"request", &e.sent}, {"response", &e.answered}} {
		if err := googleBody(get("protoPayload", part.name), part.to); err != nil {
			return dst, err
		}
	}
	switch {
	case len(e.answered.Raw) > 0:
		e.level = []byte("RequestResponse")
	case len(e.sent.Raw) > 0:
		e.level = []byte("Request")
	}
	if err := e.derive(); err != nil {
		return dst, err
	}
	return d.records(dst, e, record.FromAudit), nil
}

// googleBody reads a body without the "@type" that the form adds to it.
func googleBody(raw []byte, to *manifest.Head) error {
	if len(raw) == 0 || raw[0] != '{' {
		return nil
	}
	if rawjson.Get(raw, "@type") != nil {
		bare := []byte{'{'}
		err := rawjson.Object(raw, func(key, value []byte) error {
			if string(key) == "@type" {
				return nil
			}
			if len(bare) > 1 {
				bare = append(bare, ',')
			}
			bare = append(append(rawjson.AppendString(bare, key), ':'), value...)
			return nil
		})
		if err != nil {
			return err
		}
		raw = append(bare, '}')
	}
	if len(raw) == 2 {
		return nil // the type alone: the body was not recorded
	}
	h, err := manifest.Read(raw)
	*to = h
	return err
}

// googleResource reads "apps/v1/namespaces/NS/deployments/NAME/status".
func (e *event) googleResource(path string) {
	parts := strings.Split(path, "/")
	if len(parts) < 3 {
		e.hasRef = false
		e.uri = []byte("/" + path)
		return
	}
	group, rest := parts[0], parts[2:]
	e.refVersion = []byte(parts[1])
	if group == "core" {
		e.uri = []byte("/api/" + strings.Join(parts[1:], "/"))
	} else {
		e.apiGroup = []byte(group)
		e.uri = []byte("/apis/" + path)
	}
	if rest[0] == "namespaces" && len(rest) > 2 && rest[2] != "status" && rest[2] != "finalize" {
		e.namespace, rest = []byte(rest[1]), rest[2:]
	}
	for i, to := range [...]*[]byte{&e.resource, &e.name, &e.subresource} {
		if i < len(rest) {
			*to = []byte(rest[i])
		}
	}
}

// httpStatus is the status that the apiserver answered with, as far as the gRPC code tells.
func httpStatus(code int, verb string) int {
	switch code {
	case 0:
		if verb == "create" {
			return 201
		}
		return 200
	case 3:
		return 422
	case 4:
		return 504
	case 5:
		return 404
	case 6, 10:
		return 409
	case 7:
		return 403
	case 8:
		return 429
	case 14:
		return 503
	case 16:
		return 401
	}
	return 500
}
