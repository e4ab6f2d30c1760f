// SPDX-License-Identifier: Apache-2.0

// Package storetest is the conformance suite of package store: what every driver must do, asked through the interface alone.
//
// A driver's tests call [Run] with a function that opens an empty store. [History] makes records that look like life;
// [Dump] tells everything that a store answers, so two stores can be compared.
package storetest
