package local

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
)

// The oracle replays the bodies of raw lines with encoding/json and nothing of ours: for every object its states by
// resourceVersion, and for every state the users whose audited writes answered with it.
type oracle struct {
	states map[string]map[uint64]map[string]any // by UID, resourceVersion
	watch  map[string]bool                      // "uid/rv" whose body a watch or list told
	users  map[string][]string                  // "uid/rv"
}

func readOracle(t *testing.T, dir string) *oracle {
	o := &oracle{states: map[string]map[uint64]map[string]any{}, watch: map[string]bool{}, users: map[string][]string{}}
	for _, name := range []string{"bootstrap.audit.jsonl.zst", "audit.jsonl.zst"} {
		for _, line := range rawLines(t, filepath.Join(dir, name)) {
			o.audit(line)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "watch", "*.zst"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		for _, line := range rawLines(t, file) {
			o.watched(line)
		}
	}
	return o
}

func rawLines(t *testing.T, path string) [][]byte {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	z, err := zstd.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	r := bufio.NewReaderSize(z, 1<<20)
	var lines [][]byte
	for {
		line, err := r.ReadBytes('\n')
		if line = bytes.TrimSpace(line); len(line) > 0 {
			lines = append(lines, line)
		}
		if err == io.EOF {
			return lines
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func (o *oracle) audit(line []byte) {
	var ev struct {
		Verb, Stage, RequestURI string
		User                    struct{ Username string }
		ImpersonatedUser        *struct{ Username string }
		ResponseStatus          struct{ Code int }
		ObjectRef               struct{ Resource, Subresource string }
		ResponseObject          map[string]any
	}
	if json.Unmarshal(line, &ev) != nil || ev.Stage != "ResponseComplete" || ev.ResponseStatus.Code >= 300 || strings.Contains(ev.RequestURI, "dryRun") {
		return
	}
	switch ev.Verb {
	case "create", "update", "patch", "delete":
	default:
		return
	}
	meta, _ := ev.ResponseObject["metadata"].(map[string]any)
	uid, _ := meta["uid"].(string)
	rv, _ := strconv.ParseUint(fmt.Sprint(meta["resourceVersion"]), 10, 64)
	if uid == "" || rv == 0 || ev.ObjectRef.Subresource == "token" {
		return
	}
	user := ev.User.Username
	if ev.ImpersonatedUser != nil {
		user = ev.ImpersonatedUser.Username
	}
	key := uid + "/" + strconv.FormatUint(rv, 10)
	o.users[key] = append(o.users[key], user)
	if ev.ResponseObject["kind"] == "Scale" {
		return
	}
	o.put(uid, rv, ev.ResponseObject, false)
}

func (o *oracle) watched(line []byte) {
	var doc struct {
		Type, Kind, APIVersion string
		Object                 map[string]any
		Items                  []map[string]any
	}
	if json.Unmarshal(line, &doc) != nil {
		return
	}
	if doc.Type == "DELETED" || doc.Type == "BOOKMARK" || doc.Type == "ERROR" {
		return
	}
	for _, item := range doc.Items { // what all have in common, a List says once
		item["kind"], item["apiVersion"] = strings.TrimSuffix(doc.Kind, "List"), doc.APIVersion
	}
	for _, item := range append(doc.Items, doc.Object) {
		meta, _ := item["metadata"].(map[string]any)
		uid, _ := meta["uid"].(string)
		rv, _ := strconv.ParseUint(fmt.Sprint(meta["resourceVersion"]), 10, 64)
		if uid != "" && rv != 0 {
			o.put(uid, rv, item, true)
		}
	}
}

func (o *oracle) put(uid string, rv uint64, body map[string]any, watch bool) {
	key := uid + "/" + strconv.FormatUint(rv, 10)
	if o.states[uid] == nil {
		o.states[uid] = map[uint64]map[string]any{}
	}
	if o.states[uid][rv] == nil || (watch && !o.watch[key]) {
		o.states[uid][rv], o.watch[key] = body, watch
	}
}

// at follows the text of a path through a raw body.
func at(v any, path string) (any, bool) {
	for path != "" {
		switch {
		case path[0] == '.':
			path = path[1:]
		case strings.HasPrefix(path, "[="):
			end := closing(path)
			want := unquote(path[2:end])
			path = path[end+1:]
			list, _ := v.([]any)
			i := slices.IndexFunc(list, func(x any) bool { return reflect.DeepEqual(x, want) })
			if i < 0 {
				return nil, false
			}
			v = list[i]
		case path[0] == '[':
			end := closing(path)
			inner := path[1:end] // such as addresses=["10.0.0.1"]
			path = path[end+1:]
			var ok bool
			if v, ok = item(v, inner); !ok {
				return nil, false
			}
		default:
			end := strings.IndexAny(path, ".[")
			if end < 0 {
				end = len(path)
			}
			m, _ := v.(map[string]any)
			var ok bool
			if v, ok = m[path[:end]]; !ok || v == nil {
				return nil, false
			}
			path = path[end:]
		}
	}
	return v, true
}

func closing(path string) int {
	quoted, depth := false, 0
	for i := 1; i < len(path); i++ {
		switch {
		case quoted && path[i] == '\\':
			i++
		case path[i] == '"':
			quoted = !quoted
		case quoted:
		case path[i] == '[':
			depth++
		case path[i] == ']':
			if depth == 0 {
				return i
			}
			depth--
		}
	}
	return len(path) - 1
}

func unquote(s string) any {
	var v any
	if json.Unmarshal([]byte(s), &v) == nil {
		return v
	}
	return s
}

func item(v any, inner string) (any, bool) {
	if strings.HasPrefix(inner, `"`) && strings.HasSuffix(inner, `"`) {
		m, _ := v.(map[string]any)
		name, _ := unquote(inner).(string)
		child, ok := m[name]
		return child, ok && child != nil
	}
	list, _ := v.([]any)
	if i, err := strconv.Atoi(inner); err == nil {
		if i >= len(list) {
			return nil, false
		}
		return list[i], true
	}
	for _, x := range list {
		all := true
		for _, pair := range splitKeys(inner) {
			name, value, _ := strings.Cut(pair, "=")
			got, ok := at(x, name)
			all = all && ok && reflect.DeepEqual(got, unquote(value))
		}
		if all {
			return x, true
		}
	}
	return nil, false
}

// splitKeys cuts at the commas outside of strings and lists.
func splitKeys(s string) []string {
	var out []string
	quoted, depth, from := false, 0, 0
	for i := range len(s) {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case quoted:
		case s[i] == '[':
			depth++
		case s[i] == ']':
			depth--
		case s[i] == ',' && depth == 0:
			out, from = append(out, s[from:i]), i+1
		}
	}
	return append(out, s[from:])
}

// TestBlameOracle asks random questions of blame and compares each answer with a replay of the raw lines.
func TestBlameOracle(t *testing.T) {
	const questions = 200
	for _, name := range allRecordings {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(recordings(t), name)
			o := readOracle(t, dir)
			e := testEngine(t, name)
			random := rand.New(rand.NewPCG(7, uint64(len(name))))
			uids := make([]string, 0, len(o.states))
			for uid, states := range o.states {
				for _, body := range states {
					if body["kind"] != "Event" && (len(states) > 1 || len(o.states) < 100) {
						uids = append(uids, uid)
					}
					break
				}
			}
			sort.Strings(uids)
			asked, wrong, exact := 0, 0, 0
			for tries := 0; asked < questions && tries < 50*questions; tries++ {
				uid := uids[random.IntN(len(uids))]
				rvs := sortedKeys(o.states[uid])
				pick := random.IntN(len(rvs))
				blame, err := e.Blame(context.Background(), query.Blame{Object: query.Object{UID: record.UID(uid)}, Point: query.Point{RV: record.ResourceVersion(rvs[pick])}})
				if err != nil {
					if engine.KindOf(err) != "" {
						continue // an Event, or one of which only requests are kept
					}
					t.Fatal(err)
				}
				f := blame.Fields[random.IntN(len(blame.Fields))]
				asked++
				if f.Certainty == engine.Exact {
					exact++
				}
				if why := o.check(uid, rvs[:pick+1], f); why != "" {
					wrong++
					t.Errorf("%s %s/%s rv %d %s (%s: %s): %s", blame.Object.Kind, blame.Object.Namespace, blame.Object.Name, rvs[pick], f.Path, f.Certainty, f.Reason, why)
				}
			}
			t.Logf("%d questions, %d answered exactly, %d wrong", asked, exact, wrong)
		})
	}
}

func sortedKeys(m map[uint64]map[string]any) []uint64 {
	var keys []uint64
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// check compares one blamed field with the replay; empty if it is right.
func (o *oracle) check(uid string, rvs []uint64, f engine.Blamed) string {
	states := o.states[uid]
	want, ok := at(states[rvs[len(rvs)-1]], f.Path)
	var got any
	if string(f.Value) == "null" && !ok {
		return "" // a member that is null is none
	}
	if json.Unmarshal(f.Value, &got) != nil || !ok || !reflect.DeepEqual(got, want) {
		return fmt.Sprintf("value %s, the raw body has %v", f.Value, want)
	}
	since := len(rvs) - 1
	for since > 0 {
		v, ok := at(states[rvs[since-1]], f.Path)
		if !ok || !reflect.DeepEqual(v, want) {
			break
		}
		since--
	}
	if f.Before != nil {
		if since != 0 {
			return fmt.Sprintf("before the recording, but the raw bodies show it since %d", rvs[since])
		}
		return ""
	}
	if f.ResourceVersion != strconv.FormatUint(rvs[since], 10) {
		return fmt.Sprintf("since %s, the raw bodies show it since %d", f.ResourceVersion, rvs[since])
	}
	users := o.users[uid+"/"+f.ResourceVersion]
	if f.Certainty == engine.Exact && f.Actor != nil && len(users) > 0 && !slices.Contains(users, f.Actor.User) {
		return fmt.Sprintf("by %s, the raw lines name %v", f.Actor.User, users)
	}
	if len(users) == 1 && f.Actor == nil {
		return fmt.Sprintf("by nobody known, the raw lines name %v", users)
	}
	return ""
}
