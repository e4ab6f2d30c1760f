// SPDX-License-Identifier: Apache-2.0

// Package layout holds the house's plan as tests: which room may import which, what pure rooms may not do, and how large files and
// functions get. ARCHITECTURE.md says why. It has no code of its own; a new room gets its line in the table of plan_test.go.
package layout
