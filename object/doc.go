// SPDX-License-Identifier: Apache-2.0

// Package object holds what can be said about one object from its revisions: the choice of body, the
// state at each revision, diff, blame and redaction. It is pure: values in, values out.
//
// Start with [Parse], which reads a manifest into a [Value]. [Choose] picks one of several bodies of
// one revision, [Carry] turns revisions into states, [Diff] compares two of them per field, and
// [Blame] says for every field since which revision its value holds.
//
// Values are immutable and may be shared between goroutines. Nothing here panics on foreign bytes;
// what is too deep or malformed gives an error.
package object
