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
	report, err := curb.Allow("read").BestEffort().EnforceReport()
	if err != nil || report.Enforced || len(report.Dropped) != 1 || report.Dropped[0].Feature != curb.FeatureFilters {
		t.Errorf("the report is %v, %v", report, err)
	}
	for f, err := range curb.Supported().All() {
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%v: %v", f, err)
		}
	}
}
