package seccomp

import "errors"

// An Error says what was being done, what went wrong, and what to do about it.
// It is errors.ErrUnsupported where this system has no seccomp filters to
// offer: none at all, or not what the filter needs.
type Error struct {
	Doing       string // "load the filter for all threads"
	Err         error  // the kernel's answer, nil where there was none
	Advice      string // what it means, and what to do
	Unsupported bool
}

func (e *Error) Error() string {
	text := e.Doing + ": "
	if e.Err != nil {
		text += e.Err.Error() + ": "
	}
	return text + e.Advice
}

// Unwrap gives the kernel's answer and, where it applies, errors.ErrUnsupported.
func (e *Error) Unwrap() []error {
	var errs []error
	if e.Err != nil {
		errs = append(errs, e.Err)
	}
	if e.Unsupported {
		errs = append(errs, errors.ErrUnsupported)
	}
	return errs
}
