package settings

import "errors"

// Fault marks an error as one of the configuration: a value, or a file that it names, can not be read or means nothing. Whoever wrote it
// must mend it; trying again is no use. Programs exit with another status for it than for a failure of the world.
type Fault struct{ err error }

// Faulty marks an error; nil stays nil. What it says does not change.
func Faulty(err error) error {
	if err == nil {
		return nil
	}
	return &Fault{err}
}

func (f *Fault) Error() string { return f.err.Error() }
func (f *Fault) Unwrap() error { return f.err }

// IsFault reports whether an error is one of the configuration.
func IsFault(err error) bool {
	_, ok := errors.AsType[*Fault](err)
	return ok
}
