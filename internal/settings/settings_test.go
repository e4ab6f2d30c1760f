package settings

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type house struct {
	Name  string   `yaml:"name" doc:"What it is called."`
	Rooms []room   `yaml:"rooms" doc:"Its rooms."`
	Keep  Duration `yaml:"keep" doc:"How long; default 36h."`
	Roof  *roof    `yaml:"roof" doc:"What is above."`
	Words []string `yaml:"words" doc:"Some words, in a sentence that is long enough to need a second line when it is printed with its indentation in front."`
}

type room struct {
	Door  string `yaml:"door" doc:"The door."`
	Space Bytes  `yaml:"space" doc:"The space."`
}

type roof struct {
	Flat bool `yaml:"flat" doc:"Whether it is."`
}

func TestRead(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"unknown key", "name: a\nrooof: {}\n", `f.yaml:2:1: unknown key "rooof" in the file; want one of name, rooms, keep, roof, words`},
		{"unknown key inside", "rooms:\n- door: x\n  window: y\n", `f.yaml:3:3: unknown key "window" in rooms[0]; want one of door, space`},
		{"twice", "name: a\nname: b\n", `f.yaml:2:1: key "name" is given twice`},
		{"no duration", "keep: soon\n", `f.yaml:1:7: "soon" is no duration: write 90s, 36h or 30d`},
		{"no size", "rooms: [{space: big}]\n", `f.yaml:1:17: "big" is no size: write 500MB or 20GB`},
		{"no list", "rooms: yes\n", `f.yaml:1:8: rooms: want a list`},
		{"no keys", "roof: tin\n", `f.yaml:1:7: roof: want keys and values, one of flat`},
		{"no bool", "roof: {flat: tin}\n", "f.yaml:1:1: cannot unmarshal !!str `tin` into bool"},
		{"no YAML", "name: [\n", `f.yaml: line 1: did not find expected node content`},
	} {
		err := Read("f.yaml", []byte(test.text), &house{})
		if err == nil || err.Error() != test.want {
			t.Errorf("%s: got %v, want %s", test.name, err, test.want)
		}
	}
	h := house{Name: "kept", Keep: Duration(time.Hour)}
	if err := Read("f.yaml", []byte("rooms: [{door: a, space: 64MiB}]\nkeep: 1d12h\nroof: {flat: true}\n"), &h); err != nil {
		t.Fatal(err)
	}
	want := house{Name: "kept", Keep: Duration(36 * time.Hour), Rooms: []room{{"a", 64 << 20}}, Roof: &roof{true}}
	if diff := cmp.Diff(want, h); diff != "" {
		t.Error(diff)
	}
	if err := Read("f.yaml", nil, &h); err != nil {
		t.Error("an empty file:", err)
	}
}

func TestPrintReadsBack(t *testing.T) {
	for _, h := range []house{
		{},
		{Name: "a: b", Rooms: []room{{"x", 20e9}, {"", 3}}, Keep: Duration(90 * time.Second), Roof: &roof{true}, Words: []string{"a", "- b"}},
	} {
		var out strings.Builder
		if err := Print(&out, &h); err != nil {
			t.Fatal(err)
		}
		var back house
		if err := Read("printed", []byte(out.String()), &back); err != nil {
			t.Fatalf("%v\n%s", err, out.String())
		}
		if h.Roof == nil {
			h.Roof = &roof{} // a file says what is there by default
		}
		if h.Words == nil {
			h.Words, h.Rooms = []string{}, []room{}
		}
		if diff := cmp.Diff(h, back); diff != "" {
			t.Errorf("%s\n%s", diff, out.String())
		}
	}
	if err := Print(&strings.Builder{}, struct {
		A int `yaml:"a"`
	}{}); err == nil {
		t.Error("a key without documentation was printed")
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("name: a\nrooms: [{door: x, space: 1GB}]\n"))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var h house
		if err := Read("f", text, &h); err != nil && err.Error() == "" {
			t.Error("an error without words")
		}
	})
}

// TestDurationsAsWritten: what is printed is what people write, and reads back.
func TestDurationsAsWritten(t *testing.T) {
	for text, want := range map[string]string{"0s": "0s", "30d": "30d", "720h": "30d", "36h": "1d12h", "24h": "1d", "90s": "1m30s", "10m": "10m", "1h10m": "1h10m", "100m": "1h40m",
		"20s": "20s", "2h": "2h", "250ms": "250ms", "1d0h1s": "1d1s", "1h20s": "1h0m20s"} {
		var d, back Duration
		if err := d.Set(text); err != nil {
			t.Fatal(err)
		}
		if err := back.Set(d.String()); d.String() != want || err != nil || back != d {
			t.Errorf("%s is printed as %s, want %s; read back %v (%v)", text, d.String(), want, time.Duration(back), err)
		}
	}
}

func FuzzDuration(f *testing.F) {
	f.Add("1d12h")
	f.Fuzz(func(t *testing.T, text string) {
		var d, back Duration
		if d.Set(text) != nil {
			return
		}
		if err := back.Set(d.String()); err != nil || back != d {
			t.Errorf("%q is printed as %q, which reads as %v (%v)", text, d.String(), time.Duration(back), err)
		}
	})
}
