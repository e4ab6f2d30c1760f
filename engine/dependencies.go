package engine

// Dependencies answers query.Dependencies, ordered by parent, child and type.
type Dependencies struct {
	Links   []Dependency `json:"links"`
	Cut     string       `json:"cut,omitempty"`
	Pending string       `json:"pending,omitempty"` // as in Links
}

// Dependency is how often objects of one kind are linked to objects of another.
type Dependency struct {
	Parent string `json:"parent"` // resource: "deployments"
	Child  string `json:"child"`
	Type   string `json:"type"` // of link: owns, selects, ...
	Count  int    `json:"count"`
}
