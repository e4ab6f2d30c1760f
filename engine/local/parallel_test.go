package local

import (
	"errors"
	"sync"
	"testing"
)

// TestInParallel: every item is in one piece, and no piece is cut where it may not be.
func TestInParallel(t *testing.T) {
	for _, n := range []int{0, 1, 15, 16, 17, 100, 1001} {
		var mu sync.Mutex
		times := make([]int, n)
		err := inParallel(n, func(at int) int { return min(n, (at+6)/7*7) }, func(from, to int) error {
			mu.Lock()
			defer mu.Unlock()
			if from%7 != 0 || (to%7 != 0 && to != n) {
				t.Errorf("%d items: a piece from %d to %d", n, from, to)
			}
			for i := from; i < to; i++ {
				times[i]++
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		for i, k := range times {
			if k != 1 {
				t.Errorf("%d items: %d was done %d times", n, i, k)
			}
		}
	}
	fault := errors.New("fault")
	if err := inParallel(100, nil, func(from, to int) error {
		if from <= 50 && 50 < to {
			return fault
		}
		return nil
	}); !errors.Is(err, fault) {
		t.Errorf("got %v", err)
	}
}
