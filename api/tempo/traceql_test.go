package tempo

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/query"
)

// tags of a question.
type tags = map[string]string

func TestMean(t *testing.T) {
	for _, tc := range []struct {
		q    string
		want query.Traces
	}{
		{``, query.Traces{}},
		{`{}`, query.Traces{}},
		{` { true } with (most_recent=true)`, query.Traces{}},
		{`{resource.service.name="deployments"}`, query.Traces{Tags: tags{"resource": "deployments"}}},
		{`{ resource.service.name="x" && span.verb="update" && status=error && duration>1s && name=~"web-.*" }`,
			query.Traces{Tags: tags{"resource": "x", "verb": "update", "error": "true",
				"cel": `(namespace == "" ? name : namespace + "/" + name).matches("^(?:web-.*)$")`}, MinDuration: time.Second + 1}},
		{`{name="shop/web"}`, query.Traces{Tags: tags{"namespace": "shop", "name": "web"}}},
		{`{span:name="web" && kind=internal}`, query.Traces{Tags: tags{"name": "web"}}},
		{`{name=~"shop/web-.+"}`, query.Traces{Tags: tags{"namespace": "shop", "name": "web-?*"}}},
		{`{.name=~"^web.*$" && .namespace=~"sho."}`, query.Traces{Tags: tags{"name": "web*", "namespace": "sho?"}}},
		{`{span.name=~"web\\.v1"}`, query.Traces{Tags: tags{"name": "web.v1"}}},
		{"{span.name=~`web\\.v1`}", query.Traces{Tags: tags{"name": "web.v1"}}},
		{`{name=~"shop/a|shop/b"}`, query.Traces{Tags: tags{"cel": `((namespace == "shop" && name == "a") || (namespace == "shop" && name == "b"))`}}},
		{`{name!="shop/a"}`, query.Traces{Tags: tags{"cel": `!((namespace == "shop" && name == "a"))`}}},
		{`{.namespace=~"a|b\\.c"}`, query.Traces{Tags: tags{"cel": `(namespace == "a" || namespace == "b.c")`}}},
		{`{span.user!~"system:.*"}`, query.Traces{Tags: tags{"cel": `!(request.user.matches("^(?:system:.*)$"))`}}},
		{`{span.verb="a" && .verb="b"}`, query.Traces{Tags: tags{"verb": "a", "cel": `request.verb == "b"`}}},
		{`{span.verb=update && .verb="update"}`, query.Traces{Tags: tags{"verb": "update"}}},
		{`{(span.verb="get" || span.verb="list") && .user='o\'hara'}`, query.Traces{Tags: tags{"user": "o'hara", "cel": `(request.verb == "get" || request.verb == "list")`}}},
		{`{(span.verb!="get" && span.verb!="list")}`, query.Traces{Tags: tags{"cel": `!(request.verb == "get") && !(request.verb == "list")`}}},
		{`{!(span.verb="get" && .code<300) || .cluster="c"}`, query.Traces{Tags: tags{"cel": `(!((request.verb == "get" && request.code < 300)) || cluster == "c")`}}},
		{`{.code=409}`, query.Traces{Tags: tags{"code": "409"}}},
		{`{span.code>=400 && event.code!="404"}`, query.Traces{Tags: tags{"cel": `request.code >= 400 && request.code != 404`}}},
		{`{.cluster="prod" && resource.cluster=~"p.*"}`, query.Traces{Cluster: "prod", Tags: tags{"cel": `cluster.matches("^(?:p.*)$")`}}},
		{`{.label.app.kubernetes.io/name="web" && ."label.a b"="c"}`, query.Traces{Tags: tags{"label.app.kubernetes.io/name": "web", "label.a b": "c"}}},
		{`{.group=""}`, query.Traces{Tags: tags{"cel": `group == ""`}}},
		{`{.name="*"}`, query.Traces{Tags: tags{"cel": `name == "*"`}}},
		{`{status!=error}`, query.Traces{Tags: tags{"error": "false"}}},
		{`{span:status=unset && status!=ok}`, query.Traces{Tags: tags{"error": "false"}}},
		{`{.error!=false && span.error="true"}`, query.Traces{Tags: tags{"error": "true"}}},
		{`{traceDuration>=1.5s && trace:duration<=2h && duration<3h && duration>1s}`, query.Traces{MinDuration: 1500 * time.Millisecond, MaxDuration: 2 * time.Hour}},
		{`{duration=1ms}`, query.Traces{MinDuration: time.Millisecond, MaxDuration: time.Millisecond}},
		{`{resource.kubewake.mode="tracing owned"}`, query.Traces{Mode: "tracing", Modifier: "owned"}},
		{`{.cel="request.code >= 500 || name == \"web\" // all" && .cel="true"}`, query.Traces{Tags: tags{"cel": "(request.code >= 500 || name == \"web\" // all\n) && (true\n)"}}},
		{`{rootServiceName="pods" && rootName="shop/web-1"}`, query.Traces{Tags: tags{"resource": "pods", "namespace": "shop", "name": "web-1"}}},
	} {
		m, err := meant(tc.q)
		if err != nil {
			t.Errorf("%s: %v", tc.q, err)
			continue
		}
		if tc.want.Tags == nil {
			tc.want.Tags = tags{}
		}
		if diff := cmp.Diff(tc.want, m.q); diff != "" || m.never {
			t.Errorf("%s: never %v (-want +got):\n%s", tc.q, m.never, diff)
		}
		if filter := m.q.Tags["cel"]; filter != "" {
			if _, err := query.Compile(filter); err != nil {
				t.Errorf("%s: the filter %s: %v", tc.q, filter, err)
			}
		}
	}
}

func meant(q string) (*meaning, error) {
	n, err := parse(q)
	if err != nil {
		return nil, err
	}
	return mean(n)
}

func TestNever(t *testing.T) {
	for _, q := range []string{`{status=ok}`, `{status=error && .error=false}`, `{kind=server}`, `{kind!=internal}`, `{duration>2s && duration<1s}`, `{duration<0s}`,
		`{.label.a="b" && .label.a="c"}`} {
		if m, err := meant(q); err != nil || !m.never {
			t.Errorf("%s: %v, it excludes itself", q, err)
		}
	}
}

// TestErrors: an error names the column of what can not be read or has no meaning here, counted in characters.
func TestErrors(t *testing.T) {
	for _, tc := range []struct {
		q      string
		column int
		want   string
	}{
		{`status=error`, 1, "a query is { conditions }"},
		{`{status=error`, 14, "expected && or }"},
		{`{status=error status=error}`, 15, "expected && or }"},
		{`{status=error &&}`, 17, "expected a condition"},
		{`{status}`, 8, "expected one of = != =~"},
		{`{.a.b = }`, 9, "expected a value behind ="},
		{`{.verb="get}`, 8, "does not end"},
		{`{."verb=1}`, 3, "does not end"},
		{`{.verb="é" & .a=1}`, 12, `"&" means nothing`},
		{`{.verb="é" && .http.url="x"}`, 15, ".http.url is nothing that can be searched by; there are cel, cluster, code,"},
		{`{verb="x"}`, 2, "verb is nothing"},
		{`{statusMessage="x"}`, 2, "statusMessage is nothing"},
		{`{parent.verb="x"}`, 2, "parent.verb is nothing"},
		{`{.label.="x"}`, 2, "nothing that can be searched by"},
		{`{} && {}`, 4, "only one { ... }"},
		{`{} >> {.verb="x"}`, 4, "only one { ... }"},
		{`{status=error} | count() > 2`, 16, "only one { ... }"},
		{`{} with most_recent`, 9, "expected ( behind with"},
		{`{} with (most_recent=true`, 26, "expected )"},
		{`{(.verb="x"}`, 12, "expected )"},
		{`{` + strings.Repeat("(", 30) + `}`, 19, "more than 16 parentheses"},
		{`{` + strings.Repeat("!", 30) + `}`, 19, "more than 16 parentheses"},
		{`{` + strings.Repeat(".a=1&&", 64) + `.a=1}`, 386, "more than 64 conditions"},
		{strings.Repeat(" ", 9000), 1, "9000 bytes"},
		{"{.verb=\"\xff\"}", 1, "no UTF-8"},
		{`{status>error}`, 2, "status takes = != here, not >"},
		{`{status=bad}`, 9, "bad is none of error, ok, unset"},
		{`{.verb>"a"}`, 2, ".verb takes = != =~ !~"},
		{`{.code=~"4.."}`, 2, ".code takes"},
		{`{.code=many}`, 8, "many is no number"},
		{`{.error=maybe}`, 9, "neither true nor false"},
		{`{duration>fast}`, 11, "fast is no duration"},
		{`{duration!=1s}`, 2, "duration takes = > >= < <="},
		{`{.user=~"("}`, 9, "missing closing )"},
		{`{status=error || .verb="get"}`, 2, "status can only stand beside others, joined by &&"},
		{`{!(duration>1s)}`, 4, "duration can only stand"},
		{`{.label.app!="x"}`, 2, ".label.app takes = here"},
		{`{.label.app="x" || .verb="y"}`, 2, ".label.app can only stand"},
		{`{kind=inside}`, 7, "no kind of span"},
		{`{.cel="1 +"}`, 7, ""},
		{`{.cel="true) || (true"}`, 7, ""},
		{`{.cel=""}`, 7, "empty"},
		{`{.kubewake.mode=~"t.*"}`, 2, "takes = here"},
	} {
		_, err := meant(tc.q)
		var got *queryError
		if !errors.As(err, &got) {
			t.Errorf("%s: error %v", tc.q, err)
			continue
		}
		if got.Column != tc.column || !strings.Contains(got.Message, tc.want) {
			t.Errorf("%s: %v\nwant column %d: %s", tc.q, err, tc.column, tc.want)
		}
	}
}

// TestGlobs: what is said as a glob fits the same names as the pattern.
func TestGlobs(t *testing.T) {
	names := []string{"web", "web-1", "aweb", "a.b", "axb", "w", "", "web|a", "we", "webb"}
	said := 0
	for _, pattern := range []string{"web", "web.*", ".*web.*", "web.+", "a.b", `a\.b`, "^web$", "web|a", "we?b", "we[b]", "web*", "(web)", "web.*?", `\d`, `web\|a`, ".", ".*",
		"web.?", `a\*`, "web$", `web\$`, "", "we.{1}"} {
		glob, ok := globOf(pattern)
		if !ok {
			continue
		}
		said++
		for _, name := range names {
			if got, want := query.Glob(glob).Match(name), fits(t, pattern, name); got != want {
				t.Errorf("%s as %s on %q: %v, want %v", pattern, glob, name, got, want)
			}
		}
	}
	if said < 10 {
		t.Errorf("only %d patterns were said as globs", said)
	}
}

// FuzzTraceQL: whatever is asked has a meaning that the engine can read, or an error that names a column of it.
func FuzzTraceQL(f *testing.F) {
	for _, q := range []string{``, `{}`, `{ resource.service.name="x" && span.verb="update" && status=error && duration>1s && name=~"a|b.*" }`,
		`{(span.verb!="a" || !(.code<300)) && .cel="true"} with (most_recent=true)`, `{."label.a b"='c' && .user=~"[" }`, `{.name=~"\\.*x" && .kubewake.mode="a b"}`} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, q string) {
		m, err := meant(q)
		if err != nil {
			var got *queryError
			if !errors.As(err, &got) || got.Column < 1 || got.Column > utf8.RuneCountInString(q)+1 || !utf8.ValidString(got.Message) {
				t.Errorf("%q: error %v", q, err)
			}
			return
		}
		filter := m.q.Tags["cel"]
		if filter == "" {
			return
		}
		// The engine's own limits may refuse what is large; what it refuses else, we wrote wrongly.
		if _, err := query.Compile(filter); err != nil && len(q) < 500 && !strings.Contains(err.Error(), "pattern") {
			t.Errorf("%q: the filter %s: %v", q, filter, err)
		}
	})
}

// FuzzTags: whatever the older search is given is conditions or an error.
func FuzzTags(f *testing.F) {
	for _, s := range []string{`service.name=deployments namespace="a b"`, `a="`, `=`, `name=x status.code=error`, `a=b=c`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := parseTags(s)
		if err != nil {
			return
		}
		for _, c := range n.list {
			if c.cond.field == "" || c.cond.op != "=" {
				t.Errorf("%q: %+v", s, c.cond)
			}
		}
		if _, err := mean(n); err != nil && !strings.Contains(err.Error(), "column") {
			t.Errorf("%q: %v", s, err)
		}
	})
}

func TestTags(t *testing.T) {
	for _, tc := range []struct {
		s    string
		want query.Traces
	}{
		{``, query.Traces{}},
		{`service.name=deployments`, query.Traces{Tags: tags{"resource": "deployments"}}},
		{"  verb=\"get\"\tuser=\"a \\\"b\\\"\" ", query.Traces{Tags: tags{"verb": "get", "user": `a "b"`}}},
		{`name=shop/web status.code=error`, query.Traces{Tags: tags{"namespace": "shop", "name": "web", "error": "true"}}},
		{`span.verb=get root.service.name=pods root.name=a`, query.Traces{Tags: tags{"verb": "get", "resource": "pods", "name": "a"}}},
		{`label.a=b=c error=true cluster=prod`, query.Traces{Cluster: "prod", Tags: tags{"label.a": "b=c", "error": "true"}}},
	} {
		n, err := parseTags(tc.s)
		if err != nil {
			t.Errorf("%s: %v", tc.s, err)
			continue
		}
		m, err := mean(n)
		if err != nil {
			t.Errorf("%s: %v", tc.s, err)
			continue
		}
		if tc.want.Tags == nil {
			tc.want.Tags = tags{}
		}
		if diff := cmp.Diff(tc.want, m.q); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.s, diff)
		}
	}
	for s, want := range map[string]string{`verb`: "column 1: expected KEY=VALUE", `a=b ="c"`: "column 5", `a="b`: "column 3: this string", strings.Repeat("a=b ", 70): "more than 64",
		strings.Repeat(" ", 9000): "9000 bytes", `http.url=x`: "nothing that can be searched by"} {
		n, err := parseTags(s)
		if err == nil {
			_, err = mean(n)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: error %v, want %s", s, err, want)
		}
	}
}

// fits judges as TraceQL does: the whole value.
func fits(t *testing.T, pattern, value string) bool {
	t.Helper()
	re, err := regexp.Compile("^(?:" + pattern + ")$")
	if err != nil {
		t.Fatal(err)
	}
	return re.MatchString(value)
}
