package webhook

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// readList gives copies of the items of a body.
func readList(in io.Reader, itemBytes int) (items []item, err error) {
	l := &list{in: in, itemBytes: itemBytes}
	err = l.each(func(it item) error {
		it.raw = bytes.Clone(it.raw)
		items = append(items, it)
		return nil
	})
	return items, err
}

func TestListItems(t *testing.T) {
	for _, tt := range []struct {
		body string
		want []string
	}{
		{`{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[{"a":1},{"b":"]}\"\\"}]}`, []string{`{"a":1}`, `{"b":"]}\"\\"}`}},
		{` { "items" : [ {"a" : [1 ]} , 3, "x", null ] , "kind":"EventList" } ` + "\n", []string{`{"a" : [1 ]}`, "3", `"x"`, "null"}},
		{`{"kind":"EventList","items":[]}`, nil},
		{`{"kind":"EventList","items":null}`, nil},
		{`{"kind":"EventList","apiVersion":"audit.k8s.io/v1"}`, nil},
		{`{"items":[{"a":tru},7]}`, []string{`{"a":tru}`, "7"}}, // what is wrong inside is found by the decoder
	} {
		for name, in := range map[string]io.Reader{"at once": strings.NewReader(tt.body), "byte by byte": iotest.OneByteReader(strings.NewReader(tt.body))} {
			items, err := readList(in, 1000)
			var got []string
			for _, it := range items {
				got = append(got, string(it.raw))
				if !strings.HasPrefix(tt.body[it.offset:], string(it.raw)) {
					t.Errorf("offset %d of %s", it.offset, it.raw)
				}
			}
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Errorf("%s %s: %v %s", name, tt.body, err, diff)
			}
		}
	}
}

func TestNoList(t *testing.T) {
	for _, body := range []string{
		"", " ", "[]", "null", "{", "{}", `{"a":1}`, `{"kind":"PodList","items":[]}`, `{"kind":"EventList","apiVersion":"v1"}`, `{"items":[1,]}`, `{"items":[,1]}`,
		`{"items":[1 2]}`, `{"items":{}}`, `{"items":[]`, `{"items":[{]}`, `{"items":[]}x`, `{"items":[],}`, `{"items" []}`, `{items:[]}`, `{"items":[{"a":"`,
		`{"items":[{"a":1]},7]}`, `{"kind":tru,"items":[]}`, `{"` + strings.Repeat("k", 2000) + `":1,"items":[]}`,
	} {
		var bad *badList
		if _, err := readList(strings.NewReader(body), 1000); !errors.As(err, &bad) {
			t.Errorf("%s: %v", body, err)
		}
	}
	broken := errors.New("broken line")
	if _, err := readList(io.MultiReader(strings.NewReader(`{"items":[`), iotest.ErrReader(broken)), 1000); !errors.Is(err, broken) {
		t.Error(err)
	}
}

func TestLongItemsAreLeftOut(t *testing.T) {
	for _, size := range []int{90, 100, 101, 5000, 200_000, 300_000} {
		long := `{"x":"` + strings.Repeat("ab\\\"", (size-8)/4) + strings.Repeat("c", (size-8)%4) + `"}`
		if len(long) != size {
			t.Fatal(len(long))
		}
		body := `{"kind":"EventList","items":[{"a":1},` + long + `,{"b":2}]}`
		items, err := readList(iotest.HalfReader(strings.NewReader(body)), 100)
		if err != nil || len(items) != 3 || string(items[2].raw) != `{"b":2}` {
			t.Fatalf("%d: %v %d", size, err, len(items))
		}
		it := items[1]
		if it.long != (size > 100) || it.size != int64(size) || it.offset != int64(strings.Index(body, long)) {
			t.Errorf("%d: %+v", size, it)
		}
		if it.long && (it.digest != sha256.Sum256([]byte(long)) || !strings.HasSuffix(long, string(it.raw)) || len(it.raw) != min(size, tailBytes)) {
			t.Errorf("%d: digest or tail", size)
		}
	}
}

func TestManyEscapesAreRead(t *testing.T) {
	// A search from every escape to the next quote would take minutes for this one.
	body := `{"kind":"EventList","items":["` + strings.Repeat(`\n`, 8<<20) + `"]}`
	if items, err := readList(strings.NewReader(body), 64<<20); err != nil || len(items) != 1 {
		t.Error(err, len(items))
	}
}

// What is a list for encoding/json gives the same items, whatever the pieces it arrives in; what is none is refused, or the fault lies within an item.
func FuzzList(f *testing.F) {
	f.Add([]byte(`{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[{"a":"\\"},[1,2],3,"x\"",null,true]}`), 3)
	f.Add([]byte(`{"items":null,"kind":"EventList"}`), 1)
	f.Add([]byte(`{"items":[{"a":1]]}`), 1)
	f.Fuzz(func(t *testing.T, body []byte, piece int) {
		items, err := readList(&pieces{body: body, size: piece}, 1<<20)
		var members map[string]json.RawMessage
		var want []json.RawMessage
		standard := json.Unmarshal(body, &members)
		hasItems := standard == nil && members["items"] != nil
		if hasItems {
			standard = json.Unmarshal(members["items"], &want)
		}
		if err != nil {
			_, hasKind := members["kind"]
			_, hasVersion := members["apiVersion"]
			if standard == nil && hasItems && !hasKind && !hasVersion && len(body) < nameBytes && !bytes.Contains(body, []byte(`\`)) {
				t.Fatalf("refused, %v: %q", err, body)
			}
			return
		}
		if standard != nil {
			for _, it := range items {
				if !json.Valid(it.raw) {
					return
				}
			}
			if json.Valid(body) {
				return // an object that encoding/json reads in another way: null
			}
			t.Fatalf("taken, but encoding/json says %v: %q", standard, body)
		}
		if bytes.Count(body, []byte(`items`)) > 1 || bytes.Contains(body, []byte(`\`)) {
			return // twice the same name
		}
		if len(want) != len(items) {
			t.Fatalf("%d of %d items: %q", len(items), len(want), body)
		}
		for i := range want {
			if !bytes.Equal(bytes.TrimSpace(want[i]), items[i].raw) {
				t.Fatalf("item %d is %q, not %q", i, items[i].raw, want[i])
			}
		}
	})
}

// pieces reads a body in pieces of a size.
type pieces struct {
	body []byte
	size int
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.body) == 0 {
		return 0, io.EOF
	}
	n := min(len(b), len(p.body), max(1, p.size&0xff))
	copy(b, p.body[:n])
	p.body = p.body[n:]
	return n, nil
}
