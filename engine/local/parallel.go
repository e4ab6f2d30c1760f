package local

import (
	"runtime"

	"golang.org/x/sync/errgroup"
)

// minParallel is from how many items on it is worth to share them out over the cores.
const minParallel = 16

// inParallel calls do for each piece [from, to) of n items, on all cores where there is enough to do; cut moves the bound of a piece to
// where one may be, nil: anywhere. The error is that of the first piece that failed.
func inParallel(n int, cut func(at int) int, do func(from, to int) error) error {
	cores := runtime.GOMAXPROCS(0)
	if n < minParallel || cores == 1 {
		return do(0, n)
	}
	var group errgroup.Group
	group.SetLimit(cores)
	size := max(1, n/(4*cores))
	next := 0
	for next < n {
		from, to := next, min(n, next+size)
		if cut != nil && to < n {
			to = cut(to)
		}
		group.Go(func() error { return do(from, to) })
		next = to
	}
	return group.Wait()
}
