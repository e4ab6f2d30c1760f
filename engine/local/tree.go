package local

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/link"
	"github.com/kubewake/kubewake/query"
)

// Tree tells of an object and what is related to it. It costs, for each object whose children are asked for, a look at its links in the
// index, and for each object found one at the catalogue.
func (e *Engine) Tree(ctx context.Context, q query.Tree) (*engine.Tree, error) {
	g, t, err := e.grow(ctx, q)
	if err != nil {
		return nil, err
	}
	return g.tree(ctx, t.ref())
}

// grow finds the objects of a tree.
func (e *Engine) grow(ctx context.Context, q query.Tree) (*grower, *target, error) {
	if err := e.checkTypes(q.Types); err != nil {
		return nil, nil, err
	}
	t, err := e.resolve(ctx, q.Object, latest(q.At, q.Window.To))
	if err != nil {
		return nil, nil, err
	}
	r, err := e.relations(ctx, momentsOf(q.At, q.Window), nil)
	if err != nil {
		return nil, nil, err
	}
	r.follow(treeTypes(r.view.Rules(), q.Types))
	asked := t.end()
	if err := r.existed(ctx, asked); err != nil {
		return nil, nil, err
	}
	g := &grower{r: r, limit: cmp.Or(max(q.Limit, 0), e.limits.Nodes), nodes: map[string]*treeNode{}}
	if err := g.climb(ctx, asked, q.Up); err != nil {
		return nil, nil, err
	}
	if err := g.grow(ctx, q.Down, q.Siblings); err != nil {
		return nil, nil, err
	}
	return g, t, nil
}

// treeTypes are the types of links that a tree follows: those asked for, else ownership and what the operator's rules make.
func treeTypes(rules *link.Rules, asked []string) map[string]bool {
	types := map[string]bool{}
	for _, t := range asked {
		types[t] = true
	}
	if len(types) > 0 {
		return types
	}
	types[string(link.Owns)], types[string(link.Parent)] = true, true
	for _, t := range rules.CustomTypes() {
		types[string(t)] = true
	}
	return types
}

// treeNode is one object on its way into a tree.
type treeNode struct {
	end
	above    *treeNode
	via      *tie
	others   []tie
	children []*treeNode
	fixed    bool // on the way from the object asked for up to the root: it stays where it is
	depth    int  // how many levels below it are to be followed; query.All: every one
	left     int
}

// grower makes a tree.
type grower struct {
	r     *relations
	limit int
	nodes map[string]*treeNode
	root  *treeNode
	asked *treeNode
	left  int
	// unclimbed names the owner that the limit kept out.
	unclimbed string
}

func (g *grower) add(n end) *treeNode {
	node := &treeNode{end: n}
	g.nodes[n.id()] = node
	return node
}

// climb follows the first parent of each object, the controller before others, until there is none.
func (g *grower) climb(ctx context.Context, asked end, up int) error {
	g.asked = g.add(asked)
	g.asked.fixed = true
	g.root = g.asked
	for ; up != 0; up-- {
		ties, err := g.r.of(ctx, g.root.end, upward)
		if err != nil {
			return err
		}
		slices.SortFunc(ties, preferred)
		var first *tie
		for i := range ties {
			if _, cycle := g.nodes[ties[i].parent.id()]; !cycle && first == nil {
				first = &ties[i]
				continue
			}
			g.root.others = append(g.root.others, ties[i])
		}
		if first == nil {
			return nil
		}
		if len(g.nodes) >= g.limit {
			g.unclimbed = refWords(first.parent.ref)
			return nil
		}
		above := g.add(first.parent)
		above.fixed = true
		above.children = []*treeNode{g.root}
		g.root.above, g.root.via = above, first
		g.root = above
	}
	return nil
}

// preferred orders the links to several parents: controllers first, then what is certain, then owners, then by name.
func preferred(a, b tie) int {
	return cmp.Or(compareBools(a.claim.Controller, b.claim.Controller), compareBools(a.held.reason == "", b.held.reason == ""), cmp.Compare(typeRank(a.claim.Type), typeRank(b.claim.Type)), cmp.Compare(a.claim.Type, b.claim.Type),
		compareEnds(a.parent, b.parent), compareTies(a, b))
}

func typeRank(t link.Type) int {
	switch t {
	case link.Owns:
		return 0
	case link.Parent:
		return 1
	}
	return 2
}

// compareBools puts true first.
func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// grow follows the links down, level by level, so that a limit cuts what is far away first.
func (g *grower) grow(ctx context.Context, down int, siblings bool) error {
	var level []*treeNode
	distance := 0
	for n := g.asked; n != nil; n = n.above {
		switch {
		case n == g.asked:
			n.depth = down
		case !siblings:
			n.depth = 0
		case down == query.All:
			n.depth = query.All
		default:
			n.depth = down + distance
		}
		level = append(level, n)
		distance++
	}
	slices.Reverse(level) // the root first
	for len(level) > 0 {
		var next []*treeNode
		for _, n := range level {
			below, err := g.expand(ctx, n)
			if err != nil {
				return err
			}
			next = append(next, below...)
		}
		level = next
	}
	return nil
}

// expand adds what stands right below a node, and gives what is new.
func (g *grower) expand(ctx context.Context, n *treeNode) ([]*treeNode, error) {
	if n.depth == 0 {
		return nil, nil
	}
	ties, err := g.r.of(ctx, n.end, downward)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(ties, func(a, b tie) int { return cmp.Or(byCreation(a.child, b.child), preferred(a, b)) })
	var fresh []*treeNode
	cut := map[string]bool{}
	for i := range ties {
		child := ties[i].child
		have := g.nodes[child.id()]
		switch {
		case have != nil:
			g.again(n, have, &ties[i])
		case len(g.nodes) >= g.limit:
			cut[child.id()] = true
		default:
			node := g.add(child)
			node.above, node.via = n, &ties[i]
			if node.depth = n.depth - 1; n.depth == query.All {
				node.depth = query.All
			}
			n.children = append(n.children, node)
			fresh = append(fresh, node)
		}
	}
	n.left = len(cut)
	g.left += n.left
	return fresh, nil
}

// again notes one more link to an object that is in the tree; where it is the one of the controller, the object moves.
func (g *grower) again(n, have *treeNode, t *tie) {
	if have.via != nil && have.above == n && sameTie(have.via, t) || slices.ContainsFunc(have.others, func(o tie) bool { return sameTie(&o, t) }) {
		return
	}
	if have.fixed || have.via == nil || have.via.claim.Controller || !t.claim.Controller || have.isAbove(n) {
		have.others = append(have.others, *t)
		return
	}
	have.others = append(have.others, *have.via)
	have.above.children = slices.DeleteFunc(have.above.children, func(c *treeNode) bool { return c == have })
	have.above, have.via = n, t
	n.children = append(n.children, have)
}

// isAbove reports whether n stands below h, or is it.
func (h *treeNode) isAbove(n *treeNode) bool {
	for ; n != nil; n = n.above {
		if n == h {
			return true
		}
	}
	return false
}

func sameTie(a, b *tie) bool {
	return a.claim.Rule == b.claim.Rule && a.claim.Type == b.claim.Type && a.parent.id() == b.parent.id() && a.child.id() == b.child.id() && shown(a.held.begin).Equal(shown(b.held.begin))
}

// byCreation orders siblings: the oldest first, those of which nothing is recorded last.
func byCreation(a, b end) int {
	if c := createdAt(a).Compare(createdAt(b)); c != 0 {
		return c
	}
	return compareEnds(a, b)
}

func createdAt(n end) time.Time {
	if n.entry == nil {
		return time.Unix(1<<40, 0)
	}
	return n.entry.CreatedAt
}

// tree writes the nodes down, each behind the one above it.
func (g *grower) tree(ctx context.Context, asked engine.Ref) (*engine.Tree, error) {
	out := &engine.Tree{Object: asked, Nodes: []engine.TreeNode{}, Pending: g.r.view.Pending()}
	cov := newInvolved(g.asked.end)
	var walk func(n *treeNode, parent, depth int) error
	walk = func(n *treeNode, parent, depth int) error {
		cov.add(n.end)
		told, err := g.node(ctx, n)
		if err != nil {
			return err
		}
		told.Parent, told.Depth = parent, depth
		at := len(out.Nodes)
		out.Nodes = append(out.Nodes, *told)
		slices.SortFunc(n.children, func(a, b *treeNode) int { return byCreation(a.end, b.end) })
		for _, c := range n.children {
			if err := walk(c, at, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	if err := walk(g.root, -1, 0); err != nil {
		return nil, err
	}
	out.Cut = g.cut()
	var err error
	out.Coverage, err = g.r.coverage(ctx, cov)
	return out, err
}

// cut says all that was left out.
func (g *grower) cut() string {
	var all []string
	if g.unclimbed != "" {
		all = append(all, fmt.Sprintf("the limit of %d objects was reached: %s and what is above it were left out", g.limit, g.unclimbed))
	}
	if g.left > 0 {
		all = append(all, fmt.Sprintf("the limit of %d objects was reached: at least %d more were left out, see left of each", g.limit, g.left))
	}
	if g.r.cut != "" {
		all = append(all, g.r.cut)
	}
	return strings.Join(all, "; ")
}

func (g *grower) node(ctx context.Context, n *treeNode) (*engine.TreeNode, error) {
	ends, err := g.r.linkEnd(ctx, n.end)
	if err != nil {
		return nil, err
	}
	out := &engine.TreeNode{LinkEnd: ends, Asked: n == g.asked, Left: n.left}
	if n.via != nil {
		if out.Via, err = g.r.link(ctx, *n.via); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(n.others, preferred)
	for _, t := range n.others {
		l, err := g.r.link(ctx, t)
		if err != nil {
			return nil, err
		}
		out.Others = append(out.Others, *l)
	}
	if n.entry == nil {
		return out, nil
	}
	s, err := g.r.spans.of(ctx, n.entry)
	out.CreatedAt, out.FirstSeen, out.LastSeen = timePtr(n.entry.CreatedAt), timePtr(s.first), timePtr(s.last)
	return out, err
}
