//go:build !linux

package curb_test

import (
	"errors"
	"testing"

	"github.com/gocurb/curb"
	"github.com/gocurb/curb/precompiled"
	"runtime"
)

func TestUnsupported(t *testing.T) {
	for _, p := range []interface {
		Enforce() error
		MustEnforce()
	}{curb.Allow("read"), precompiled.Filter{Arch: runtime.GOARCH}} {
		if err := p.Enforce(); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("the error is %v", err)
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Error("MustEnforce returns")
				}
			}()
			p.MustEnforce()
		}()
	}
	curb.Allow("read").BestEffort().MustEnforce()
	precompiled.Filter{Arch: runtime.GOARCH}.BestEffort().MustEnforce()
}
