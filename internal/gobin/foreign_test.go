package gobin

import (
	"slices"
	"strings"
	"testing"
)

// The functions of C that Go's linker has put between Go's are told from these: no more
// and no fewer.
func TestForeign(t *testing.T) {
	needs(t, "gcc")
	for _, toolchain := range []string{"go1.17.13", "", "go1.27.4"} {
		f := open(t, variant{toolchain, "-race", withC})
		all := slices.Clone(f.Funcs)
		foreign := f.TakeForeign()
		if len(foreign) < 500 || len(foreign)+len(f.Funcs) != len(all) {
			t.Errorf("%s: of %d functions %d are C's and %d Go's", toolchain, len(all), len(foreign), len(f.Funcs))
		}
		for i := range all {
			fn := &all[i]
			at, isForeign := f.FuncAt(fn.Entry), slices.Contains(foreign, *fn)
			if at >= 0 && f.Funcs[at] != *fn || at < 0 != isForeign {
				t.Errorf("%s: %s is at index %d, and foreign: %t", toolchain, f.Name(fn), at, isForeign)
			}
			name := f.Name(fn)
			byC := strings.HasPrefix(name, "__tsan_") || strings.HasPrefix(name, "_Z") || strings.HasPrefix(name, "x_cgo_")
			byGo := strings.Contains(name, ".") && !strings.HasPrefix(name, "_Z") && !strings.HasSuffix(name, ".cold") && !strings.HasPrefix(name, "runtime/")
			if byC && !isForeign || byGo && isForeign {
				t.Errorf("%s: %s is foreign: %t", toolchain, name, isForeign)
			}
		}
	}
	f := open(t, variant{})
	for _, fn := range f.TakeForeign() {
		if name := f.Name(&fn); !strings.HasPrefix(name, "go:textfips") { // no functions, but marks
			t.Errorf("in a program without C code, %s is foreign", name)
		}
	}
}
