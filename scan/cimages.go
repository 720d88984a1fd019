package scan

import (
	"cmp"
	"debug/elf"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"

	"github.com/gocurb/curb/internal/elfimage"
	"github.com/gocurb/curb/internal/gobin"
	"github.com/gocurb/curb/usage"
)

// A clib is the C code of a program: what is in its own file beside Go's, and
// the libraries that are loaded with it.
type clib struct {
	a      *analysis
	images []*cimage       // the program itself first, then in the order of look-ups
	needed int             // how many of them are loaded at the start; the others, while it runs
	loader int             // the one of the dynamic loader, noFunc in static programs
	once   map[cplace]bool // functions that only the loader's start calls
	start  int             // the function of Go with which its part of the program begins, noFunc if that is not known

	cgo   map[uint64]cplace // the variables by which Go calls C
	calls map[caller]bool   // the places where they are read: whether that is for nothing but a call

	l         *elfimage.Loader
	store     Store
	defined   map[csymbol][]cplace // what references to symbols are bound to
	instead   map[int][]int        // the images that are loaded instead of others on some processors
	notable   map[cplace]string    // functions of the C library whose callers matter, with their names
	decoder   decoder              // of one function after the other
	linker    decoder              // of the linkage tables
	unaligned []uint64             // functions of the program's file to which such words of its data point
	gatherers sync.Pool            // of what reads functions
	ends      map[cplace]bool      // whether functions return, as far as it is known
	keeps     map[cplace]bool      // whether they read where they return to, likewise
	opened    copened              // what the program loads by itself
	open      []copen
}

// A cimage is one of the images, with what matters of its functions.
type cimage struct {
	*elfimage.Image
	first    int // the number of its first function: see cbodies.go
	how      usage.Loaded
	dataNote string // how what its data points to is reached
	facts    []cfacts
	vdso     bool                // its file may name functions of the vDSO
	slots    cslots              // what the words that the loader fills in hold
	leads    map[uint64][]cplace // where calls of addresses end up, as far as it was asked for
	mids     map[int][]uint64    // where functions are entered, but for their starts
	named    map[uint64]bool     // addresses that code takes
	// others has those of mids to which other ways lead than the function's own switches.
	others map[uint64]bool
	arch   *arch
	pcs    map[int][]uint64 // of the instructions of some functions, where all are known

	incoming map[int]map[uint64][]regHeld // what registers hold where functions are entered by jumps
	ends     map[int]func(uint64) bool    // whether those return that a function calls, where that is asked

	objects cobjects
	threads map[uint64]uint64 // words that say where variables of each thread lie

	linked    map[uint64]bool // the words by which code finds symbols, which nobody changes
	resolvers map[uint64]bool // functions that the loader asks which function to call
}

// A cplace is an address in an image.
type cplace struct {
	image int
	addr  uint64
}

// A cfunc is a function of an image.
type cfunc struct{ image, fn int }

// cfacts is what is kept of a function of C.
type cfacts struct {
	refs    []ref
	returns bool     // it has an instruction that may lead back to the caller
	indexed bool     // it jumps to where a register says
	plain   bool     // its instructions lie one after another
	entered int      // how many of the places where it is entered it was decoded from
	starts  []uint64 // where instructions begin: a bit for each byte
	tables  []jumpTable
	leaves  []leaving
}

// A copen is a place in C code that could not be told.
type copen struct {
	at     cfunc
	pc     uint64
	reason string
}

// loadC loads the libraries that the program needs, and reads all of their code.
func (a *analysis) loadC(sysroot string, store Store) (*clib, error) {
	path, err := pathIn(sysroot, a.file.Path)
	if err != nil {
		return nil, err
	}
	exe, err := elfimage.Open(a.file.Path, path)
	if err != nil {
		return nil, err
	}
	l := elfimage.NewLoader(sysroot, exe)
	c := &clib{a: a, store: store, once: map[cplace]bool{}, l: l, notable: map[cplace]string{}, ends: map[cplace]bool{}, keeps: map[cplace]bool{}}
	if err := c.preload(exe); err != nil {
		return nil, err
	}
	if err := l.LoadAll(); err != nil {
		return nil, err
	}
	c.add(usage.LoadedAsNeeded)
	var loader *elfimage.Image
	if a.file.Interp != "" {
		if loader, err = l.Load(a.file.Interp, exe); err != nil {
			return nil, fmt.Errorf("%s, which starts it: %w", a.file.Interp, err)
		}
		c.add(usage.LoadedAsLoader)
	}
	c.needed = len(l.Images)
	if err := c.loadAtRunTime(); err != nil {
		return nil, err
	}
	c.expectConverters()
	c.loader = slices.Index(l.Images, loader)
	exe.Funcs = a.notGo(exe.Funcs)
	for _, im := range l.Images {
		if im.Machine != a.arch.machine {
			return nil, fmt.Errorf("%s is for %s", im.Path, im.Machine)
		}
	}
	c.readAll()
	c.start = c.findStart()
	return c, nil
}

// pathIn returns the path of a program on the system that is below a directory: links
// are followed, as the kernel does for who asks where the program is.
func pathIn(sysroot, name string) (string, error) {
	full, err := filepath.Abs(name)
	if err == nil {
		full, err = filepath.EvalSymlinks(full)
	}
	root, rootErr := filepath.EvalSymlinks(cmp.Or(sysroot, "/"))
	if rootErr == nil {
		root, rootErr = filepath.Abs(root)
	}
	if err := errors.Join(err, rootErr); err != nil {
		return "", err
	}
	if below, err := filepath.Rel(root, full); err == nil && filepath.IsLocal(below) {
		return "/" + below, nil
	}
	return full, nil
}

// add takes up the images that the loader has loaded since.
func (c *clib) add(how usage.Loaded) { c.take(how, len(c.l.Images)) }

// take takes up the first n of the images that the loader has loaded.
func (c *clib) take(how usage.Loaded, n int) {
	for _, im := range c.l.Images[len(c.images):n] {
		c.images = append(c.images, &cimage{
			Image: im, how: how, dataNote: "data of " + im.Name, arch: c.a.arch, threads: im.ThreadWords(), pcs: map[int][]uint64{}, slots: makeSlots(0), leads: map[uint64][]cplace{},
			mids: map[int][]uint64{}, named: map[uint64]bool{}, others: map[uint64]bool{}, linked: map[uint64]bool{}, resolvers: map[uint64]bool{},
			incoming: map[int]map[uint64][]regHeld{}, ends: map[int]func(uint64) bool{},
		})
	}
	c.numberFunctions()
	c.defined = map[csymbol][]cplace{}
	c.instead = map[int][]int{}
	for i, im := range c.images {
		if im.Instead != nil {
			first := slices.Index(c.l.Images, im.Instead)
			c.instead[first] = append(c.instead[first], i)
		}
	}
}

// readAll binds and reads all images that are new. Those that were loaded while the
// program runs can have what they lacked in one that is new.
func (c *clib) readAll() {
	for i, im := range c.images {
		if im.facts == nil || i >= c.needed {
			c.bind(i)
		}
	}
	c.gather()
	c.checkMids()
	c.joinParts()
	c.endCalls()
	c.numberFunctions()
	c.findObjects()
	c.findNotable()
	if c.unaligned == nil {
		c.unaligned = c.unalignedWords()
	}
	c.findCgoCalls()
}

// outsideOf returns what of the functions is not in Go's text.
func outsideOf(fns []elfimage.Func, text gobin.Range) []elfimage.Func {
	var out []elfimage.Func
	for _, f := range fns {
		before, after := f, f
		before.End = min(f.End, text.Start)
		if before.Start < before.End {
			out = append(out, before)
		}
		if after.Start < text.End {
			after.Start = text.End
			after.Symbol = ""
		}
		if after.Start < after.End {
			out = append(out, after)
		}
	}
	return out
}

// A csymbol is the name of a symbol, with its version.
type csymbol struct{ name, version string }

// lookup returns what a reference to a symbol is bound to: what the first image has
// that defines one.
func (c *clib) lookup(s csymbol) []cplace {
	out, known := c.defined[s]
	if !known {
		out = c.find(s)
		c.defined[s] = out
	}
	return slices.Clone(out)
}

func (c *clib) find(s csymbol) []cplace {
	look := func(i int) []cplace {
		var out []cplace
		for _, s := range c.images[i].Find(s.name, s.version) {
			out = append(out, cplace{i, s.Addr})
		}
		return out
	}
	for i := range c.images[:c.needed] {
		if out := look(i); out != nil {
			for _, k := range c.instead[i] {
				out = append(out, look(k)...)
			}
			return out
		}
	}
	var out []cplace // one of those that are loaded later, with its own
	for i := c.needed; i < len(c.images); i++ {
		out = append(out, look(i)...)
	}
	return out
}

// bind finds what the loader puts into the words of an image.
func (c *clib) bind(i int) {
	im := c.images[i]
	im.slots = makeSlots(len(im.Relocs))
	clear(im.leads)
	for _, r := range im.Relocs {
		to := []cplace{{i, r.Value}}
		if r.Symbol > 0 {
			s := &im.Symbols[r.Symbol]
			own := cplace{i, s.Addr}
			if to = c.lookup(csymbol{s.Name, s.Version}); s.Defined && (to == nil || s.Own || i >= c.needed || i == c.loader) && !slices.Contains(to, own) {
				// What is loaded later can be asked first for its own, and the loader calls
				// its own until it has loaded the others.
				to = append(to, own)
			}
			if to == nil && s.Bind != elf.STB_WEAK {
				c.unresolved(cfunc{i, noFunc}, r.Addr, fmt.Sprintf("it needs %s %s, which no library has", s.Name, s.Version))
			}
			if !r.Slot {
				for k := range to {
					to[k].addr += r.Value
				}
			}
		}
		im.slots.add(r.Addr, to)
		if r.Slot {
			im.linked[r.Addr] = true
		}
		if r.Call {
			im.resolvers[r.Value] = true
		}
	}
	for s := range im.Exports {
		if s.Type == elf.STT_GNU_IFUNC {
			im.resolvers[s.Addr] = true
		}
	}
}
