// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package nested

import "errors"

// lock: the control plane itself runs on Linux only.
func lock(string) (func(), error) {
	return nil, errors.New("the test control plane needs Linux")
}
