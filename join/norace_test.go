//go:build !race

package join

// recordingsOf gives the recordings that a long test reads.
func recordingsOf(names ...string) []string { return names }
