package show

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/kubewake/kubewake/engine"
)

// State writes the manifest as YAML, under comments that say when it was so and how sure that is; as kubectl does,
// without metadata.managedFields unless managed is set.
func State(w io.Writer, st *engine.State, s Style, managed bool) error {
	out := bufio.NewWriter(w)
	comment := func(format string, args ...any) {
		_, _ = out.WriteString(s.paint(dim, "# "+clean(fmt.Sprintf(format, args...))) + "\n") // Flush tells
	}
	comment("%s · cluster %s · uid %s", fullRef(st.Object), st.Object.Cluster, st.Object.UID)
	comment("resourceVersion %s · in force since %s · %s", st.Revision, strings.TrimSpace(s.when(&st.When, dateTime)), st.Certainty)
	if st.Reason != "" {
		comment("%s", st.Reason)
	}
	if st.Next != nil {
		comment("may already have been resourceVersion %s (%s)", st.Next.ResourceVersion, strings.TrimSpace(s.when(&st.Next.When, dateTime)))
	}
	if st.Conflict {
		comment("two sources told different bodies for this resourceVersion; this is the one chosen by rule")
	}
	if len(st.Assumed) > 0 {
		comment("assumed unchanged since the last whole state: %s", strings.Join(st.Assumed, ", "))
	}
	manifest := st.Manifest
	if !managed {
		manifest = withoutManaged(manifest)
	}
	doc, err := yaml.JSONToYAML(manifest)
	if err != nil {
		return fmt.Errorf("write manifest as YAML: %w", err)
	}
	if s.Width > 0 { // a terminal; a pipe gets the bytes as they are
		doc = []byte(cleanLines(string(doc)))
	}
	_, _ = out.Write(doc)
	return out.Flush()
}

// withoutManaged takes metadata.managedFields out; a manifest that it does not understand stays as it is.
func withoutManaged(manifest json.RawMessage) json.RawMessage {
	var object map[string]json.RawMessage
	if json.Unmarshal(manifest, &object) != nil {
		return manifest
	}
	var metadata map[string]json.RawMessage
	if json.Unmarshal(object["metadata"], &metadata) != nil || metadata["managedFields"] == nil {
		return manifest
	}
	delete(metadata, "managedFields")
	inner, err := json.Marshal(metadata)
	if err != nil {
		return manifest
	}
	object["metadata"] = inner
	outer, err := json.Marshal(object)
	if err != nil {
		return manifest
	}
	return outer
}
