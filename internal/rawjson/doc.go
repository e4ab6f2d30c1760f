// SPDX-License-Identifier: Apache-2.0

// Package rawjson reads JSON without building trees: it finds, checks and copies pieces of the bytes as they are.
//
// A [Cursor] walks a document once, checking it as it goes; [Object], [Array], [Get], [String] and [Uint] are
// shorthands for single values. [Delta] tells how two documents differ. Nothing here panics on foreign bytes, and
// nesting is bounded by [MaxDepth]. The grammar is RFC 8259 as encoding/json reads it: invalid UTF-8
// inside strings is accepted and reads as U+FFFD.
package rawjson

import "fmt"

// MaxDepth bounds how deep objects and arrays may nest.
const MaxDepth = 1000

// SyntaxError says where a document stops being JSON. It never quotes the document.
type SyntaxError struct {
	Offset int // bytes from the start of what was given
	Reason string
}

// Error names the reason and the offset.
func (e *SyntaxError) Error() string { return fmt.Sprintf("%s at byte %d", e.Reason, e.Offset) }
