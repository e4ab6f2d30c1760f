package extend

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

const (
	traceIDName = "traceID"
	maxValue    = 512  // bytes of a tag in a URL
	maxURL      = 8192 // bytes
)

var (
	// errMissing: a span lacks a tag that the template names, so it is not asked about.
	errMissing = errors.New("the span has no such tag")
	// errUnspoken: a tag holds what could change the meaning of the question around it.
	errUnspoken = errors.New("a tag has letters that a URL does not take")
)

// template is a URL with names in braces. Scheme and host are fixed.
type template struct {
	base   *url.URL // of the fixed part
	pieces []string // pieces[0] names[0] pieces[1] names[1] ... pieces[len(names)]
	names  []string
}

// placeholder is a name in braces. Braces around anything else, as those of JSON, stand for themselves.
var placeholder = regexp.MustCompile(`\{([A-Za-z][A-Za-z0-9_./-]*)\}`)

// units of times.
func units() []string { return []string{"s", "ms", "us", "ns", "rfc3339"} }

func parseTemplate(text string) (*template, error) {
	if text == "" {
		return nil, errors.New("an address is needed")
	}
	t := &template{}
	at := 0
	for _, m := range placeholder.FindAllStringSubmatchIndex(text, -1) {
		t.pieces = append(t.pieces, text[at:m[0]])
		t.names = append(t.names, text[m[2]:m[3]])
		at = m[1]
	}
	t.pieces = append(t.pieces, text[at:])
	scheme, rest, _ := strings.Cut(t.pieces[0], "://")
	if scheme != "http" && scheme != "https" {
		return nil, errors.New("want an address that begins with http:// or https://")
	}
	end := strings.IndexAny(rest, "/?")
	if end < 0 && len(t.names) > 0 {
		return nil, errors.New("scheme and host are fixed: names in braces stand behind the first /")
	}
	for i := range t.pieces {
		t.pieces[i] = escapeFixed(t.pieces[i])
	}
	base, err := url.Parse(t.pieces[0])
	if err != nil {
		return nil, fmt.Errorf("it can not be read: %w", err)
	}
	if base.Host == "" || base.User != nil || strings.Contains(text, "#") {
		return nil, errors.New("want http(s)://HOST:PORT/..., without a password and without #")
	}
	t.base = &url.URL{Scheme: base.Scheme, Host: base.Host}
	for _, name := range t.names {
		if what, unit, ok := strings.Cut(name, "."); (what == "start" || what == "end") && (!ok || !slices.Contains(units(), unit)) {
			return nil, fmt.Errorf("{%s}: write {%s.UNIT}, one of %s", name, what, strings.Join(units(), ", "))
		}
	}
	return t, nil
}

// escapeFixed escapes what people write as it is and URLs do not take: blanks, quotes and braces of queries.
func escapeFixed(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// values are the tags of what is asked about, and its time.
type values struct {
	tags       map[string]string
	start, end time.Time
}

func (v values) of(name string) (string, error) {
	if what, unit, ok := strings.Cut(name, "."); ok && (what == "start" || what == "end") {
		at := v.start
		if what == "end" {
			at = v.end
		}
		return inUnit(at, unit), nil
	}
	value := v.tags[name]
	if value == "" {
		return "", errMissing
	}
	if len(value) > maxValue || strings.ContainsAny(value, "\"'`\\{}") || strings.ContainsFunc(value, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "", errUnspoken
	}
	return value, nil
}

func inUnit(t time.Time, unit string) string {
	switch unit {
	case "s":
		return strconv.FormatInt(t.Unix(), 10)
	case "ms":
		return strconv.FormatInt(t.UnixMilli(), 10)
	case "us":
		return strconv.FormatInt(t.UnixMicro(), 10)
	case "ns":
		return strconv.FormatInt(t.UnixNano(), 10)
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// expand gives the URL for some values, each escaped for any place in it.
func (t *template) expand(v values) (string, error) {
	var b strings.Builder
	b.WriteString(t.pieces[0])
	for i, name := range t.names {
		value, err := v.of(name)
		if err != nil {
			return "", err
		}
		if value == "." || value == ".." { // a step in the path
			return "", errUnspoken
		}
		b.WriteString(strings.ReplaceAll(url.QueryEscape(value), "+", "%20"))
		b.WriteString(t.pieces[i+1])
	}
	if b.Len() > maxURL {
		return "", errUnspoken
	}
	return b.String(), nil
}
