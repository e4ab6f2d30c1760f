package show

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kubewake/kubewake/engine"
)

// Tree draws a tree, one line for each object.
func Tree(w io.Writer, tree *engine.Tree, s Style) error {
	times := make([]*time.Time, 0, 2*len(tree.Nodes))
	for i := range tree.Nodes {
		times = append(times, begun(&tree.Nodes[i]), tree.Nodes[i].EndedAt)
	}
	layout, day := s.layout(times)
	heading := strings.TrimSpace(s.dayOrZone(day))
	t := &table{style: s, heads: []string{"OBJECT", "BEGAN " + heading, "ENDED", "LINK"}}
	if s.Wide {
		t.heads = append(t.heads[:3:3], "LAST SEEN", "UID", "LINK")
	}
	branches := s.branches(tree)
	var open []int         // nodes that a limit cut, whose last descendant is still to come
	leave := func(i int) { // what is left out stands behind what is there
		for len(open) > 0 && (i == len(tree.Nodes) || tree.Nodes[i].Depth <= tree.Nodes[open[len(open)-1]].Depth) {
			k := open[len(open)-1]
			open = open[:len(open)-1]
			t.add(s.note(len(t.heads), branches[k].below+fmt.Sprintf("└─ … %d more", tree.Nodes[k].Left))...)
		}
	}
	for i := range tree.Nodes {
		leave(i)
		n := &tree.Nodes[i]
		name := cell{text: branches[i].line + clean(s.nodeName(tree, n))}
		switch {
		case n.Asked:
			name.color = bold
		case n.Stub, n.Ended:
			name.color = dim
		}
		row := []cell{name, text(s.at(begun(n), layout)), text(s.endedAt(&n.LinkEnd, layout)), text(linkWords(n))}
		if s.Wide {
			row = append(row[:3:3], text(s.at(n.LastSeen, layout)), text(n.UID), text(linkWords(n)))
		}
		t.add(row...)
		for k := range n.Others {
			t.add(s.note(len(t.heads), branches[i].below+"· also "+s.otherWords(n, &n.Others[k], layout))...)
		}
		if n.Left > 0 {
			open = append(open, i)
		}
	}
	leave(len(tree.Nodes))
	return t.write(w)
}

// note is a row of one cell.
func (s Style) note(columns int, words string) []cell {
	row := make([]cell, columns)
	row[0] = painted(dim, words)
	return row
}

// begun is when a node is known to have begun.
func begun(n *engine.TreeNode) *time.Time {
	if n.CreatedAt != nil {
		return n.CreatedAt
	}
	return n.FirstSeen
}

func (s Style) at(t *time.Time, layout string) string {
	if t == nil {
		return ""
	}
	return t.In(s.zone()).Format(layout)
}

func (s Style) endedAt(n *engine.LinkEnd, layout string) string {
	switch {
	case n.EndedAt != nil:
		return s.at(n.EndedAt, layout)
	case n.Ended:
		return "yes"
	}
	return "-"
}

type branch struct {
	line  string // in front of the name
	below string // in front of what belongs to the node
}

// branches gives what is drawn in front of the nodes.
func (s Style) branches(tree *engine.Tree) []branch {
	out := make([]branch, len(tree.Nodes))
	last := make([]int, len(tree.Nodes)) // of each node the last child
	for i := range tree.Nodes {
		if p := tree.Nodes[i].Parent; p >= 0 && p < i {
			last[p] = i
		}
	}
	for i := range tree.Nodes {
		n := &tree.Nodes[i]
		if n.Parent >= 0 && n.Parent < i {
			trunk := out[n.Parent].below
			mark, under := "├─ ", "│  "
			if last[n.Parent] == i && tree.Nodes[n.Parent].Left == 0 {
				mark, under = "└─ ", "   "
			}
			out[i] = branch{trunk + mark, trunk + under}
		}
	}
	return out
}

// nodeName names a node by what tells it from the one above.
func (s Style) nodeName(tree *engine.Tree, n *engine.TreeNode) string {
	name := ref(n.Ref)
	space, cluster := "", tree.Object.Cluster
	if n.Parent >= 0 && n.Parent < len(tree.Nodes) {
		above := &tree.Nodes[n.Parent]
		space, cluster = above.Namespace, above.Cluster
	}
	if n.Namespace != space && n.Namespace != "" {
		name += " -n " + n.Namespace
	}
	if n.Cluster != cluster {
		name += " (cluster " + n.Cluster + ")"
	}
	return name
}

// linkWords says by what a node hangs under the one above.
func linkWords(n *engine.TreeNode) string {
	var words []string
	if v := n.Via; v != nil {
		word := strings.TrimSpace(mark(v.Certainty)) + v.Type
		if v.Type == "owns" && !v.Controller {
			word += ", no controller"
		}
		words = append(words, word)
		if v.Until != nil && !linkEnds(v) {
			words = append(words, "over")
		}
	}
	if n.Stub {
		words = append(words, "never recorded")
	}
	return strings.Join(words, "; ")
}

// linkEnds reports whether a link ended with one of its objects.
func linkEnds(l *engine.Link) bool {
	if l.Until == nil || l.Until.At == nil {
		return l.Child.Ended || l.Parent.Ended
	}
	for _, e := range []*engine.LinkEnd{&l.Child, &l.Parent} {
		if e.EndedAt != nil && !l.Until.At.Before(*e.EndedAt) {
			return true
		}
	}
	return false
}

// otherWords tells of a further link of a node.
func (s Style) otherWords(n *engine.TreeNode, l *engine.Link, layout string) string {
	words := l.Type + " "
	if l.Child.UID == n.UID && l.Child.Name == n.Name {
		words += "by " + fullRef(l.Parent.Ref)
	} else {
		words += fullRef(l.Child.Ref)
	}
	if l.Until != nil && l.Until.At != nil {
		words += " until " + s.at(l.Until.At, layout)
	}
	return words
}

// TreeMarks explains the marks in a tree.
func TreeMarks(tree *engine.Tree) []string {
	var m marks
	for i := range tree.Nodes {
		if v := tree.Nodes[i].Via; v != nil {
			m.certainty(v.Certainty)
		}
	}
	return m.list()
}
