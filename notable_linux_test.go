//go:build !amd64 && !arm64

package curb_test

import (
	"errors"
	"runtime"
	"testing"

	"github.com/gocurb/curb"
)

func TestNoTable(t *testing.T) {
	p := curb.Allow("read")
	want := "curb: there is no table of system calls for the architecture " + runtime.GOARCH + ": unsupported operation"
	for _, err := range []error{p.Err(), p.Enforce()} {
		if err == nil || err.Error() != want || !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("the error is %v, want %s", err, want)
		}
	}
	p.BestEffort().MustEnforce()
}
