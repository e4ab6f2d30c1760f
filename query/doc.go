// SPDX-License-Identifier: Apache-2.0

// Package query holds questions as values: which objects, which time, which filter.
//
// A face parses what a person wrote into one of the question types and hands it to an engine; [Filter] is
// the CEL filter that matches one record. Nothing here reads a store or a clock: "now" is always handed in.
package query
