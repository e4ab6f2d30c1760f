package redact

import (
	"bytes"
	"encoding/base64"
	"strings"

	"github.com/kubewake/kubewake/internal/rawjson"
	"github.com/kubewake/kubewake/record"
)

// Body redacts a manifest, a list, a Table, a review or any other body of a request, an answer or a watch event, in any API
// version. What it holds is decided by the resource and also by the kinds inside it. It gives raw itself where
// nothing changes. A body that may hold secrets but is no JSON becomes one JSON string.
func (r *Redactor) Body(gr record.GroupResource, subresource string, raw []byte) (out []byte, changed bool) {
	if r.off || len(raw) == 0 {
		return raw, false
	}
	c, rules := classify(gr, subresource), r.rulesFor(gr)
	if c == plain && !mayApply(rules, raw) && !r.suspicious(raw) {
		return raw, false
	}
	return r.document(gr, c, rules, raw, 0)
}

// maxInner bounds documents inside strings of documents.
const maxInner = 4

func (r *Redactor) document(gr record.GroupResource, c class, rules []rule, raw []byte, inner int) ([]byte, bool) {
	d, err := parse(raw)
	if err != nil {
		return r.whole(raw)
	}
	w := walk{r: r, document: d, gr: gr, rules: rules, inner: inner}
	if c != plain || r.suspicious(raw) {
		w.visit(&d.root, c)
	}
	out, changed := d.result()
	if len(r.rules) == 0 {
		return out, changed
	}
	if changed {
		if d, err = parse(out); err != nil { // what we wrote nests as the source did
			return r.whole(raw)
		}
		w.document = d
	}
	w.ruled(&d.root, rules, 0)
	out, more := d.result()
	return out, changed || more
}

// whole is a JSON string in the place of what could not be read.
func (r *Redactor) whole(raw []byte) ([]byte, bool) {
	return rawjson.AppendString(nil, []byte(r.Value(string(raw)))), true
}

// walk is the redaction of one document.
type walk struct {
	*document
	r     *Redactor
	gr    record.GroupResource
	rules []rule
	inner int
}

// suspicious searches for kinds that are redacted whatever resource they came with. Letters written as escapes
// are looked at, too: no usual encoder writes them so.
func (r *Redactor) suspicious(raw []byte) bool {
	for at := 0; ; {
		i := bytes.Index(raw[at:], []byte("Secret"))
		if i < 0 {
			break
		}
		i += at
		at = i + len("Secret")
		rest := bytes.TrimPrefix(raw[at:], []byte("List"))
		if i > 0 && raw[i-1] == '"' && len(rest) > 0 && (rest[0] == '"' || rest[0] == '\\') {
			return true
		}
	}
	if bytes.Contains(raw, []byte("TokenRe")) || hasEscapedLetters(raw) {
		return true
	}
	return len(r.rules) > 0 && bytes.Contains(raw, []byte(`List"`)) && mayApply(r.rules, raw)
}

// hasEscapedLetters finds \u0041 and the like.
func hasEscapedLetters(raw []byte) bool {
	for at := 0; ; {
		i := bytes.Index(raw[at:], []byte(`\u00`))
		if i < 0 {
			return false
		}
		at += i + len(`\u00`)
		if at < len(raw) && raw[at] >= '4' && raw[at] <= '7' {
			return true
		}
	}
}

// visit redacts n, of which the resource says c, by that and by its own kind.
func (w *walk) visit(n *node, c class) {
	if n.kind == '[' {
		for i := range n.kids {
			w.visit(&n.kids[i], c)
		}
		return
	}
	if n.kind != '{' {
		w.scalar(n, c)
		return
	}
	switch {
	case w.has(n, "kind", "AdmissionReview"):
		w.admissionReview(n, c)
	case w.has(n, "kind", "TokenRequest"), c == tokenRequest && !w.has(n, "kind", "Status"):
		w.tokenRequest(n)
	case w.has(n, "kind", "TokenReview"), c == tokenReview && !w.has(n, "kind", "Status"):
		w.tokenReview(n)
	case c != plain && w.has(n, "kind", "Status") && n.member("data") == nil && n.member("stringData") == nil:
		w.status(n)
	case c == secret, w.has(n, "kind", "SecretList"), w.isSecret(n):
		w.secret(n)
	case w.has(n, "kind", "Secret"):
		w.secretFields(n)
	default:
		for i := range n.kids {
			w.visit(&n.kids[i], plain)
		}
	}
}

// isSecret tells a Secret of the core group from references to one and from other groups' kinds of that name.
func (w *walk) isSecret(n *node) bool {
	if !w.has(n, "kind", "Secret") || n.member("metadata") == nil {
		return false
	}
	apiVersion := n.member("apiVersion")
	return apiVersion == nil || !strings.Contains(w.string(apiVersion), "/")
}

// scalar is a value where an object was expected, or a string that may hold a document.
func (w *walk) scalar(n *node, c class) {
	if c != plain {
		w.leaves(n)
		return
	}
	if n.kind != '"' || n.end-n.start < len(`"{}"`) || !w.r.suspicious(w.bytes(n)) {
		return
	}
	w.replace(n, w.innerDocument(w.string(n), plain, false))
}

// innerDocument redacts JSON inside a string. What is none stays, unless it must be a document.
func (w *walk) innerDocument(text string, c class, must bool) string {
	trimmed := strings.TrimSpace(text)
	if IsValue(text) || !must && !strings.HasPrefix(trimmed, "{") && !strings.HasPrefix(trimmed, "[") {
		return text
	}
	_, err := rawjson.Valid([]byte(text))
	switch {
	case err != nil && !must:
		return text
	case err != nil, w.inner >= maxInner:
		return w.r.Value(text)
	}
	out, _ := w.r.document(w.gr, c, w.rules, []byte(text), w.inner+1)
	return string(out)
}

// leaves replaces every value below n; the names of members stay. Nulls say nothing and stay.
func (w *walk) leaves(n *node) {
	switch n.kind {
	case '{', '[':
		for i := range n.kids {
			w.leaves(&n.kids[i])
		}
	case 'n':
	case '"':
		w.replace(n, w.r.Value(w.string(n)))
	default:
		w.replace(n, w.r.Value(string(w.bytes(n))))
	}
}

// tokenRequest keeps everything but what status holds beside the time.
func (w *walk) tokenRequest(n *node) {
	for i := range n.kids {
		kid := &n.kids[i]
		switch string(kid.key) {
		case "kind", "apiVersion", "metadata", "spec":
		case "status":
			w.tokens(kid, "expirationTimestamp")
		default:
			w.leaves(kid)
		}
	}
}

// tokenReview keeps everything but what spec holds beside the audiences.
func (w *walk) tokenReview(n *node) {
	for i := range n.kids {
		kid := &n.kids[i]
		switch string(kid.key) {
		case "kind", "apiVersion", "metadata":
		case "status":
			w.messages(kid, "error")
		case "spec":
			w.tokens(kid, "audiences")
		default:
			w.leaves(kid)
		}
	}
}

// tokens replaces all members of n but one; an empty token is none.
func (w *walk) tokens(n *node, keep string) {
	if n.kind != '{' {
		w.leaves(n)
		return
	}
	for i := range n.kids {
		kid := &n.kids[i]
		if string(kid.key) == keep || kid.kind == '"' && w.string(kid) == "" {
			continue
		}
		w.leaves(kid)
	}
}

// status cuts what the messages of a failure quote.
func (w *walk) status(n *node) {
	w.messages(n, "message")
	if details := n.member("details"); details != nil {
		if causes := details.member("causes"); causes != nil {
			for i := range causes.kids {
				w.messages(&causes.kids[i], "message")
			}
		}
	}
}

// messages redacts the members of that name as text about a redacted kind.
func (w *walk) messages(n *node, name string) {
	for i := range n.kids {
		if kid := &n.kids[i]; string(kid.key) == name && kid.kind == '"' {
			if text, changed := w.r.cut(w.string(kid)); changed {
				w.replace(kid, text)
			}
		}
	}
}

// admissionReview redacts the object under review, and the webhook's patch of it.
func (w *walk) admissionReview(n *node, c class) {
	request := n.member("request")
	if w.reviewsSecret(request) {
		c = secret
	}
	for i := range n.kids {
		part := &n.kids[i]
		for j := range part.kids {
			kid := &part.kids[j]
			switch string(kid.key) {
			case "object", "oldObject":
				if kid.kind != 'n' {
					w.visit(kid, c)
				}
			case "patch":
				w.encodedPatch(kid, c)
			case "status":
				if c != plain {
					w.status(kid)
				}
			case "warnings", "auditAnnotations":
				if c != plain {
					w.leaves(kid)
				}
			}
		}
	}
}

func (w *walk) reviewsSecret(request *node) bool {
	for _, name := range []string{"kind", "requestKind"} {
		if k := request.member(name); w.has(k, "kind", "Secret") && w.string(k.member("group")) == "" {
			return true
		}
	}
	for _, name := range []string{"resource", "requestResource"} {
		if k := request.member(name); w.has(k, "resource", "secrets") && w.string(k.member("group")) == "" {
			return true
		}
	}
	return false
}

// encodedPatch redacts a JSON patch in base64.
func (w *walk) encodedPatch(n *node, c class) {
	text := w.string(n)
	patch, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		if c != plain {
			w.leaves(n)
		}
		return
	}
	if out, changed := w.r.patch(w.gr, c, w.rules, patch); changed {
		w.replace(n, base64.StdEncoding.EncodeToString(out))
	}
}
