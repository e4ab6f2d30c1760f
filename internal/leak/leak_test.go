package leak

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

const jwt = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJodW50ZXIyIn0.c2lnbmF0dXJlLWh1bnRlcjI"

func setOf(t *testing.T, docs ...string) *Set {
	s := NewSet()
	if err := s.Read(strings.NewReader(strings.Join(docs, "\n"))); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCollect(t *testing.T) {
	value := base64.StdEncoding.EncodeToString([]byte("hunter2hunter2"))
	for name, doc := range map[string]string{
		"secret":       `{"kind":"Secret","data":{"a":"` + value + `"}}`,
		"stringData":   `{"kind":"Secret","stringData":{"a":"hunter2hunter2"}}`,
		"list":         `{"kind":"SecretList","items":[{"data":{"a":"` + value + `"}}]}`,
		"generic list": `{"kind":"List","items":[{"kind":"Secret","data":{"a":"` + value + `"}}]}`,
		"watch event":  `{"type":"ADDED","object":{"kind":"Secret","data":{"a":"` + value + `"}}}`,
		"merge patch":  `{"objectRef":{"resource":"secrets"},"requestObject":{"data":{"a":"` + value + `"}}}`,
		"JSON patch":   `{"objectRef":{"resource":"secrets"},"requestObject":[{"op":"add","path":"/data/a","value":"` + value + `"}]}`,
		"all data":     `{"objectRef":{"resource":"secrets"},"requestObject":[{"op":"add","path":"/data","value":{"a":"` + value + `"}}]}`,
		"string patch": `{"objectRef":{"resource":"secrets"},"requestObject":[{"op":"add","path":"/stringData/a","value":"hunter2hunter2"}]}`,
		"table":        `{"objectRef":{"resource":"secrets"},"responseObject":{"kind":"Table","rows":[{"object":{"data":{"a":"` + value + `"}}}]}}`,
		"last applied": `{"kind":"Secret","metadata":{"annotations":{"x":"{\"data\":{\"a\":\"` + value + `\"}}"}}}`,
		"inner":        `{"a":"{\"kind\":\"Secret\",\"stringData\":{\"a\":\"hunter2hunter2\"}}"}`,
		"token":        `{"kind":"TokenRequest","status":{"token":"hunter2hunter2"}}`,
		"review":       `{"kind":"TokenReview","spec":{"token":"hunter2hunter2"}}`,
	} {
		if hits := setOf(t, doc).Search([]byte("x hunter2hunter2 y")); len(hits) != 1 || hits[0].Offset != 2 || strings.Contains(hits[0].String(), "hunter2") {
			t.Errorf("%s: %v", name, hits)
		}
	}
	if hits := setOf(t, `{"message":"a `+jwt+` b"}`).Search([]byte(jwt)); len(hits) == 0 {
		t.Error("a token in a message was not seen")
	}
	if hits := setOf(t, `{"a":"`+base64.StdEncoding.EncodeToString([]byte("-----BEGIN EC PRIVATE KEY-----\nMHcCAQ==\n-----END EC PRIVATE KEY-----\n"))+`"}`).Search([]byte("-----BEGIN EC PRIVATE KEY-----\nMHcCAQ==\n-----END EC PRIVATE KEY-----\n")); len(hits) == 0 {
		t.Error("a private key was not seen")
	}
	for name, doc := range map[string]string{
		"config map":       `{"kind":"ConfigMap","data":{"a":"` + value + `"}}`,
		"redacted":         `{"kind":"Secret","data":{"a":"redacted:00112233:00112233445566778899aabbccddeeff"}}`,
		"public of tokens": `{"kind":"Secret","type":"kubernetes.io/service-account-token","data":{"namespace":"` + value + `","ca.crt":"` + value + `"}}`,
	} {
		if s := setOf(t, doc); len(s.Secrets()) > 0 {
			t.Errorf("%s: %v", name, s.Secrets()[0].Where)
		}
	}
	if NewSet().Read(strings.NewReader("{")) == nil {
		t.Error("a cut document was taken")
	}
}

func TestForms(t *testing.T) {
	value := "pass\"<&>\\wörd+/=?~"
	quoted, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := json.Marshal(map[string]any{"kind": "Secret", "stringData": map[string]string{"a": value}})
	if err != nil {
		t.Fatal(err)
	}
	s := setOf(t, string(doc))
	if s.Searchable() != 1 {
		t.Fatalf("%d secrets", s.Searchable())
	}
	inner, err := json.Marshal(string(quoted))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"plain": value, "JSON": string(quoted), "URL": url.QueryEscape(value), "path": url.PathEscape(value),
		"std": base64.StdEncoding.EncodeToString([]byte(value)), "url": base64.RawURLEncoding.EncodeToString([]byte(value)),
		"in base64, 0": base64.StdEncoding.EncodeToString([]byte("abc" + value + "xyz")),
		"in base64, 1": base64.StdEncoding.EncodeToString([]byte("abcd" + value + "xyz")),
		"in base64, 2": base64.StdEncoding.EncodeToString([]byte("abcde" + value + "xyz")),
	} {
		if len(s.Search([]byte("  "+text))) == 0 {
			t.Errorf("%s was not found: %s", name, text)
		}
	}
	if len(s.Search(inner)) == 0 {
		t.Errorf("not found in JSON in JSON: %s", inner)
	}
	if hits := s.Search([]byte(value[:len(value)-1])); len(hits) > 0 {
		t.Errorf("a part was taken for the whole: %v", hits)
	}
}
