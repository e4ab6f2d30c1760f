package query

import (
	"errors"

	"github.com/kubewake/kubewake/internal/rawjson"
)

var (
	// errJSON is the evaluation error of a state whose bytes are no JSON.
	errJSON = errors.New("the recorded state is not valid JSON")
	// errStop ends a walk early; it never leaves the package.
	errStop = errors.New("stop")
)

// eachMember calls do with every unescaped key and raw value of the object in b.
func eachMember(b []byte, do func(key, value []byte)) error {
	err := rawjson.Object(b, func(key, value []byte) error {
		do(key, value)
		return nil
	})
	if err != nil {
		return errJSON
	}
	return nil
}

// eachElement calls do with every raw element of the array in b.
func eachElement(b []byte, do func(value []byte)) error {
	err := rawjson.Array(b, func(value []byte) error {
		do(value)
		return nil
	})
	if err != nil {
		return errJSON
	}
	return nil
}

// member finds the raw value of a key, reading no further; nil where the object has none.
func member(b []byte, name string) (found []byte, err error) {
	c := rawjson.NewCursor(b)
	if c.Kind() != '{' {
		return nil, errJSON
	}
	err = c.Object(func(key []byte) (err error) {
		if string(key) != name {
			return nil
		}
		if found, err = c.Raw(); err != nil {
			return err
		}
		return errStop
	})
	if err != nil && !errors.Is(err, errStop) {
		return nil, errJSON
	}
	return found, nil
}
