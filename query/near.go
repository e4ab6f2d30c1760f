package query

import (
	"cmp"
	"slices"
	"strings"
)

// nearest lists up to three known words that may have been meant by word, best first; ties keep the order of known.
func nearest(word string, known []string) []string {
	type guess struct {
		word     string
		distance int
	}
	word = strings.ToLower(word)
	if len(word) > 64 {
		return nil
	}
	limit := max(1, min(3, len(word)/3))
	var guesses []guess
	for _, k := range known {
		if d := distance(word, strings.ToLower(k)); d <= limit {
			guesses = append(guesses, guess{k, d})
		}
	}
	slices.SortStableFunc(guesses, func(a, b guess) int { return cmp.Compare(a.distance, b.distance) })
	var words []string
	for _, g := range guesses[:min(3, len(guesses))] {
		words = append(words, g.word)
	}
	return words
}

// distance is the number of letters to insert, remove or exchange between a and b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
