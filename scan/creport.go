package scan

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/gocurb/curb/internal/elfimage"
	"github.com/gocurb/curb/usage"
)

// beginC loads the C code that belongs to the program, before Go's is walked. Where
// that cannot be done, the program's C code is unresolved.
func (a *analysis) beginC(opts Options) error {
	linked := "it begins with C code"
	switch {
	case len(a.file.Needed) > 0:
		linked = "it is linked with " + strings.Join(a.file.Needed, ", ")
	case a.file.FuncAt(a.file.Entry) >= 0:
		return nil
	}
	if why := a.refusesC(); why != "" {
		a.refused = true
		a.unresolved(noFunc, a.file.Entry, linked+", which is C code and not analysed: "+why+" (build with CGO_ENABLED=0)")
		return nil
	}
	c, err := a.loadC(opts.Sysroot, opts.Libraries)
	if err != nil {
		a.refused = true
		advice := "build with CGO_ENABLED=0"
		if errors.Is(err, elfimage.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
			advice = "scan where the program will run, or name the root of that system with --sysroot"
		}
		a.unresolved(noFunc, a.file.Entry, fmt.Sprintf("%s, which is C code and not analysed: %v (%s)", linked, err, advice))
		return nil
	}
	a.c = c
	a.pointers = append(a.pointers, c.variables()...)
	slices.Sort(a.pointers)
	return c.assumeOpened(opts.Assume.Dlopen)
}

// refusesC says why the C code of a program like this one cannot be analysed, if so.
func (a *analysis) refusesC() string {
	setting := func(key, value string) bool {
		return a.file.BuildInfo != nil && slices.ContainsFunc(a.file.BuildInfo.Settings, func(s debug.BuildSetting) bool { return s.Key == key && s.Value == value })
	}
	switch {
	case a.file.Interp != "" && !strings.HasPrefix(a.file.Interp, a.arch.glibc) && filepath.Base(a.file.Interp) != a.arch.musl:
		return "that can be done with the GNU C library and musl only"
	case setting("-msan", "true") || setting("-asan", "true"):
		return "it is built to find faults of memory, by a library whose code is not followed"
	}
	return ""
}

// variables returns the variables of Go to which the C code in the program's file
// refers: it may change them.
func (c *clib) variables() []uint64 {
	var out []uint64
	for _, f := range c.images[0].facts {
		for _, x := range f.refs {
			if c.a.file.IsVariable(x.addr) {
				out = append(out, x.addr)
			}
		}
	}
	return out
}

// goRoots returns the functions of Go to which C code refers.
func (c *clib) goRoots() []int {
	if c == nil {
		return nil
	}
	roots := map[int]bool{}
	for _, f := range c.images[0].facts {
		for _, x := range f.refs {
			roots[c.goTarget(x)] = true
		}
	}
	for _, im := range c.images[1:] {
		for _, list := range im.slots.words {
			for _, to := range list {
				if to.image == 0 {
					roots[c.a.file.FuncAt(to.addr)] = true
				}
			}
		}
	}
	delete(roots, noFunc)
	return slices.Sorted(maps.Keys(roots))
}

// fromC visits the functions of Go that C code can call.
func (r *reach) fromC() {
	for _, fn := range r.a.c.goRoots() {
		r.viaPointer(fn, "C code refers to it", step{how: byData})
	}
}

// covers reports whether an address is one of C code that is analysed.
func (c *clib) covers(addr uint64) bool { return c != nil && c.images[0].FuncAt(addr) >= 0 }

// libraries finds the system calls of the C code.
func (a *analysis) libraries(phased bool) {
	if a.c == nil {
		return
	}
	for more := true; more; {
		a.cwalk = a.c.walkAll()
		more = a.c.loadMore(a.cwalk)
	}
	if phased {
		a.cwalk = a.c.walkPhase(a.cwalk)
	}
	a.sitesInC()
	a.c.reportOpened()
}

// looked returns the files on which the result rests: the libraries, and what was
// read, or not found, on the way to them.
func (c *clib) looked() []usage.LoaderFile {
	var out []usage.LoaderFile
	for _, name := range slices.Sorted(maps.Keys(c.l.Files)) {
		file := usage.LoaderFile{Path: name}
		if im := c.l.Found[name]; im != nil {
			file.SHA256 = fmt.Sprintf("%x", im.Sum())
			i := slices.IndexFunc(c.images, func(x *cimage) bool { return x.Image == im })
			file.BuildID, file.Loaded, file.By = im.BuildID(), c.images[i].how, c.l.By(im).Name
			if c.l.By(im) == c.images[0].Image {
				file.By = filepath.Base(c.a.file.Path)
			}
		} else if b := c.l.Files[name]; b != nil {
			file.SHA256 = fmt.Sprintf("%x", sha256.Sum256(b))
		}
		out = append(out, file)
	}
	return out
}

// frame describes a function of C, or another place where there is none.
func (c *clib) frame(f cfunc, pc uint64) usage.Frame {
	if f.image == noFunc {
		return usage.Frame{Function: fmt.Sprintf("%#x", pc)}
	}
	im := c.images[f.image]
	out := usage.Frame{Package: im.Name, Module: im.Path, Version: im.BuildID(), File: im.Path}
	switch {
	case f.fn != noFunc:
		out.Function = im.Funcs[f.fn].Name()
	default:
		out.Function = fmt.Sprintf("%#x", pc)
	}
	return out
}

// chain lists the functions on the way to one of C: those of Go first.
func (w *cwalk) chain(g *witness, f cfunc) []usage.Step {
	how := map[stepKind]string{isRoot: "root", byCall: "call", byJump: "jump", byAddress: "address", byData: "data"}
	var out []usage.Step
	for seen := map[cfunc]bool{}; !seen[f]; {
		seen[f] = true
		s := w.steps[f.image][f.fn]
		if s == nil {
			s = &cstep{from: none, goFn: noFunc}
		}
		frame := w.c.frame(f, 0)
		step := usage.Step{Frame: frame, How: how[s.how], Place: []usage.Frame{frame}}
		if s.note != "" {
			step.Via = []usage.Object{{Kind: "variable", Name: s.note}}
		}
		out = append(out, step)
		if s.goFn != noFunc {
			slices.Reverse(out)
			return append(g.chain(s.goFn, w.c.a.file.Funcs[s.goFn].Entry+uint64(s.off)), out...)
		}
		if s.from == none {
			break
		}
		if s.past {
			w, seen = w.whole, map[cfunc]bool{}
		}
		f = s.from
	}
	slices.Reverse(out)
	return out
}

// openInC returns what could not be told of the images as such.
func (a *analysis) openInC() []usage.Unresolved {
	if a.c == nil {
		return nil
	}
	var out []usage.Unresolved
	for _, o := range a.c.open {
		u := usage.Unresolved{Frame: a.c.frame(o.at, o.pc), Reason: o.reason}
		if o.at.image != noFunc {
			u.Reason = fmt.Sprintf("%s (at %#x in %s)", o.reason, o.pc, a.c.images[o.at.image].Name)
		}
		out = append(out, u)
	}
	return out
}

// broughtInBy returns the libraries that make a call.
func (a *analysis) broughtInBy(nr uint32) []usage.Source {
	var out []usage.Source
	for _, f := range a.cfound[nr] {
		im := a.c.images[a.c.function(f.fn).image]
		s := usage.Source{Package: im.Name, Module: im.Path, Version: im.BuildID()}
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// asksVDSO reports whether a library looks a function of the vDSO up.
func (c *clib) asksVDSO(symbol string) bool {
	return c != nil && slices.ContainsFunc(c.images, func(im *cimage) bool { return im.vdso && im.Holds(symbol) })
}
