package native_test

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"github.com/kubewake/kubewake/api/native"
	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/engine/enginetest"
)

func description(t *testing.T, h http.Handler) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData([]byte(text(t, ask(t, h, native.Prefix+"openapi.json"))))
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return doc
}

// Every route is described, every parameter that a handler knows too, and every answer is as described.
func TestDescribed(t *testing.T) {
	h := native.New(native.Config{Engine: new(enginetest.Fake)})
	doc := description(t, h)
	router, err := legacy.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	openapi3filter.RegisterBodyDecoder("text/event-stream", openapi3filter.FileBodyDecoder)
	served := maps.Clone(calls)
	served["follow"] = "cluster=prod&pause=2s"
	for name, values := range served {
		t.Run(name, func(t *testing.T) {
			validate(t, router, h, native.Prefix+name+"?"+values, http.StatusOK)
		})
		t.Run(name+" parameters", func(t *testing.T) {
			got := text(t, ask(t, h, native.Prefix+name+"?wish=1&"+strings.TrimPrefix(values, "wish")))
			_, list, _ := strings.Cut(got, "there are: ")
			list, _, _ = strings.Cut(list, `"`)
			var described []string
			for _, p := range doc.Paths.Find(native.Prefix + name).Get.Parameters {
				described = append(described, p.Value.Name)
			}
			slices.Sort(described)
			if strings.Join(described, ", ") != list {
				t.Errorf("described: %v\nknown: %s", described, list)
			}
		})
	}
	if len(doc.Paths.Map()) != len(served)+1 { // and the description itself
		t.Errorf("%d paths are described, %d are served", len(doc.Paths.Map()), len(served)+1)
	}
	for name, err := range map[string]error{
		"bad-question": &engine.Error{Kind: engine.KindBadQuestion, Message: "m", Column: 1, Line: 1},
		"ambiguous":    &engine.Error{Kind: engine.KindAmbiguous, Message: "m", Candidates: []string{"a"}},
		"not-covered":  &engine.Error{Kind: engine.KindNotCovered, Message: "m", Coverage: enginetest.Coverage()},
		"internal":     io.ErrUnexpectedEOF,
	} {
		t.Run("problem "+name, func(t *testing.T) {
			failing := native.New(native.Config{Engine: &enginetest.Fake{Err: err}})
			validate(t, router, failing, native.Prefix+"stat", 0)
		})
	}
}

func validate(t *testing.T, router routers.Router, h http.Handler, target string, status int) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	route, path, err := router.FindRoute(r)
	if err != nil {
		t.Fatalf("%s: %v", target, err)
	}
	input := &openapi3filter.RequestValidationInput{Request: r, PathParams: path, Route: route}
	if err := openapi3filter.ValidateRequest(t.Context(), input); err != nil {
		t.Errorf("%s: request: %v", target, err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if status != 0 && w.Code != status {
		t.Fatalf("%s: status %d: %s", target, w.Code, w.Body)
	}
	answer := &openapi3filter.ResponseValidationInput{RequestValidationInput: input, Status: w.Code, Header: w.Header(),
		Body: io.NopCloser(bytes.NewReader(w.Body.Bytes())), Options: &openapi3filter.Options{IncludeResponseStatus: true}}
	if err := openapi3filter.ValidateResponse(t.Context(), answer); err != nil {
		t.Errorf("%s: answer: %v", target, err)
	}
}

// Every member of every answer is described, and nothing else: a schema cannot fall behind its type.
func TestSchemasMatchTypes(t *testing.T) {
	doc := description(t, native.New(native.Config{Engine: new(enginetest.Fake)}))
	seen := map[string]bool{}
	for _, answer := range []any{engine.Info{}, engine.Objects{}, engine.History{}, engine.State{}, engine.Diff{}, engine.Blame{}, engine.Found{}, engine.Coverage{}, engine.Stat{}, engine.Links{}, engine.Tree{}, engine.Trace{}, engine.Traces{}, engine.Services{},
		engine.Rows{}, engine.Lanes{}, engine.OneEntry{}, engine.Activity{}, engine.Failing{}, engine.Tick{}, engine.Field{}} {
		compare(t, doc, reflect.TypeOf(answer), seen)
	}
}

func compare(t *testing.T, doc *openapi3.T, typ reflect.Type, seen map[string]bool) {
	for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice || typ.Kind() == reflect.Map {
		typ = typ.Elem()
	}
	if typ.Kind() != reflect.Struct || !strings.HasSuffix(typ.PkgPath(), "kubewake/engine") || seen[typ.Name()] {
		return
	}
	seen[typ.Name()] = true
	schema := doc.Components.Schemas[typ.Name()]
	if schema == nil {
		t.Errorf("%s is not described", typ.Name())
		return
	}
	described := map[string]bool{}
	members(schema.Value, described)
	for i := range typ.NumField() {
		field := typ.Field(i)
		compare(t, doc, field.Type, seen)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous {
			forget(field.Type, described)
			continue
		}
		if !described[name] {
			t.Errorf("%s.%s is not described", typ.Name(), name)
		}
		delete(described, name)
	}
	for name := range described {
		t.Errorf("%s.%s is described, but there is none", typ.Name(), name)
	}
}

// forget takes out what an embedded type holds.
func forget(typ reflect.Type, described map[string]bool) {
	for i := range typ.NumField() {
		field := typ.Field(i)
		if field.Anonymous {
			forget(field.Type, described)
			continue
		}
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		delete(described, name)
	}
}

func members(schema *openapi3.Schema, into map[string]bool) {
	for name := range schema.Properties {
		into[name] = true
	}
	for _, part := range schema.AllOf {
		members(part.Value, into)
	}
}
