package scan

import (
	"cmp"
	"slices"

	"github.com/gocurb/curb/internal/elfimage"
)

// Go's linker, where it links C code itself (runtime/cgo, the race detector), puts that
// in the midst of Go's, and into the line table with nothing but a name.

// mayHaveC reports whether a program may have C code in its file.
func (a *analysis) mayHaveC() bool {
	return len(a.file.Needed) > 0 || a.file.FuncAt(a.file.Entry) < 0
}

// setApart takes C code out of Go's functions.
func (a *analysis) setApart() {
	if a.mayHaveC() {
		a.foreign = a.file.TakeForeign()
	}
}

// notGo returns the functions of the program that are not Go's: what of those given is
// outside of its text, and what was set apart.
func (a *analysis) notGo(fns []elfimage.Func) []elfimage.Func {
	out := outsideOf(fns, a.file.Module.Text)
	for i := range a.foreign {
		f := &a.foreign[i]
		out = append(out, elfimage.Func{Range: elfimage.Range{Start: f.Entry, End: f.End}, Symbol: a.file.Name(f), Whole: true})
	}
	slices.SortFunc(out, func(x, y elfimage.Func) int { return cmp.Compare(x.Start, y.Start) })
	return out
}
