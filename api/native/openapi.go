package native

import (
	_ "embed"

	"sigs.k8s.io/yaml"
)

//go:embed openapi.yaml
var openAPISource []byte

// openAPI gives the description as JSON. It panics on a description that is no YAML: a test reads it, too.
func openAPI() []byte {
	doc, err := yaml.YAMLToJSON(openAPISource)
	if err != nil {
		panic("native: openapi.yaml: " + err.Error())
	}
	return doc
}
