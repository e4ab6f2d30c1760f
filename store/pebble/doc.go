// SPDX-License-Identifier: Apache-2.0

// Package pebble is the embedded driver of package store: one directory, one process, pure Go.
//
// Begin with [Open]. Every key is a function of one fact and every write is a merge that is commutative, associative and
// idempotent (merge.go), so nothing is read when facts are written, and the same facts make the same store in any order,
// any batching, delivered any number of times. docs/adr/0001 says why Pebble, docs/adr/0002 draws the keys and gives the measurements.
//
// # What is durable when
//
// Append returns after the write-ahead log was synced to disk: what it acknowledged outlives kill -9 and a power cut.
// With [Options].NoSync it returns after the log was handed to the operating system: acknowledged facts outlive kill -9, and
// a power cut loses at most those since the last [Store.Flush]. With [Options].Bulk there is no log at all: nothing is durable before Flush,
// Seal or Close returned, a crash before that leaves a prefix of what was appended, and the import is run again.
//
// # Who may open a directory
//
// One writer, or any number of readers ([Options].ReadOnly); a lock in the directory holds the rule.
package pebble
