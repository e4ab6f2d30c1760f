package query

import "github.com/kubewake/kubewake/record"

// Dependencies asks which kinds of objects are related to which, and by how many links.
type Dependencies struct {
	Cluster record.Cluster // empty: all
	Window  Window         // links that held at some moment of it
}
