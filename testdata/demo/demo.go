// SPDX-License-Identifier: Apache-2.0

// Package demo carries the recording that `kubewake demo` opens: an incident cut from a recording of a real control
// plane, redacted, nothing invented.
package demo

import "embed"

// Files of the recording, as kubewake open takes them.
//
//go:embed *.zst watch
var Files embed.FS
