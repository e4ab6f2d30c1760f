// SPDX-License-Identifier: Apache-2.0

// Package record holds the words of the domain: Record and its kinds, ObjectRef,
// Actor, identity and encoding.
//
// Start with [Record]. Every fact kubewake stores is one Record: a header that all
// kinds share, and one body. A fact has one identity ([Record.ID]), which is a function of the fact
// alone, never of how or when it was delivered; delivering a fact twice stores it once.
//
// The package uses the standard library only, does no I/O and reads no clock.
package record
