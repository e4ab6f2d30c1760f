package engine

import "time"

// Links answers query.Links, ordered by type, then by the other end.
type Links struct {
	Object Ref    `json:"object"`
	Links  []Link `json:"links"`
	// Unread is what the object says of a link and can not be read, so that it makes none: by its state at the end of the time asked for.
	Unread   []Unread  `json:"unread,omitempty"`
	Cut      string    `json:"cut,omitempty"`
	Pending  string    `json:"pending,omitempty"` // how far the index of links has got, where it is behind the facts
	Coverage *Coverage `json:"coverage"`
}

// Unread is a place in an object's state that should name others, and can not be read.
type Unread struct {
	Field  string `json:"field"`
	Reason string `json:"reason"`
}

// Link is a relation of two objects over a time. One end is the object asked for.
type Link struct {
	Type       string    `json:"type"` // owns, selects, mounts, ...
	Rule       string    `json:"rule"`
	Parent     LinkEnd   `json:"parent"`
	Child      LinkEnd   `json:"child"`
	Controller bool      `json:"controller,omitempty"`
	Since      *When     `json:"since,omitempty"` // absent: from before what is recorded
	Until      *When     `json:"until,omitempty"` // absent: it still holds
	Field      string    `json:"field,omitempty"` // where it stands, in the object that says so
	Certainty  Certainty `json:"certainty"`
	Reason     string    `json:"reason,omitempty"`
}

// LinkEnd is one end of a link.
type LinkEnd struct {
	Ref
	// Stub: nothing is recorded of it but that it was named.
	Stub    bool       `json:"stub,omitempty"`
	EndedAt *time.Time `json:"endedAt,omitempty"`
	Ended   bool       `json:"ended,omitempty"`
}

// Tree answers query.Tree: nodes in depth-first order, each behind its parent, children by creation, then name.
type Tree struct {
	Object   Ref        `json:"object"`
	Nodes    []TreeNode `json:"nodes"`
	Cut      string     `json:"cut,omitempty"`     // what was left out, and how much
	Pending  string     `json:"pending,omitempty"` // as in Links
	Coverage *Coverage  `json:"coverage"`
}

// TreeNode is one object in a tree.
type TreeNode struct {
	LinkEnd
	Parent    int        `json:"parent"` // index of the node above; -1: none
	Depth     int        `json:"depth"`
	Asked     bool       `json:"asked,omitempty"`  // the object that the question named
	Via       *Link      `json:"via,omitempty"`    // the link to the node above
	Others    []Link     `json:"others,omitempty"` // to further parents within the tree, or a cycle
	CreatedAt *time.Time `json:"createdAt,omitempty"`
	FirstSeen *time.Time `json:"firstSeen,omitempty"`
	LastSeen  *time.Time `json:"lastSeen,omitempty"`
	// Left is how many children a limit cut.
	Left int `json:"left,omitempty"`
}
