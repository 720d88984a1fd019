package scan

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gocurb/curb/internal/elfimage"
	"github.com/gocurb/curb/usage"
)

// copened is what C code loads by its own request while the program runs, as far as
// the walks so far have found it.
type copened struct {
	known bool // what is loaded by names that cannot be told

	images   map[int]bool    // whose functions can be found by name
	any      bool            // by any name
	symbols  map[string]bool // by these
	global   bool            // the program itself may be searched, with all that it needs
	converts bool            // characters are converted, by modules
	open     []openSite      // calls that cannot be told
}

// watched are the functions that load other code, or find it, with the number of the
// argument that says which: of the C library, for anybody but itself.
var watched = map[string]int{
	"dlopen": 0, "__libc_dlopen_mode": 0, "dlmopen": 1,
	"dlsym": 1, "dlvsym": 1, "__libc_dlsym": 1,
	"iconv_open": 0, "setlocale": 1, "newlocale": 1, "__nss_configure_lookup": 1,
}

// findNotable finds the functions whose callers matter.
func (c *clib) findNotable() {
	for name := range watched {
		for i, im := range c.images {
			for _, s := range im.Find(name, "") {
				c.notable[cplace{i, s.Addr}] = name
			}
		}
	}
	c.notableInside()
}

// assumeOpened loads what is taken to be loaded where that cannot be told.
func (c *clib) assumeOpened(files []string) error {
	c.opened = copened{known: files != nil, images: map[int]bool{}, symbols: map[string]bool{}}
	for _, name := range files {
		if err := c.loadOpened(usage.LoadedAsAssumed, c.images[0].Image, name); err != nil {
			return fmt.Errorf("load %s, as the assumption on dlopen has it: %w", name, err)
		}
	}
	if len(files) > 0 {
		c.readAll()
	}
	return nil
}

// loadOpened loads one library whose functions are found by name then.
func (c *clib) loadOpened(how usage.Loaded, by *elfimage.Image, name string) error {
	if err := c.loadOne(how, by, name); err != nil {
		return err
	}
	im, err := c.l.Load(name, by)
	if err != nil {
		return err
	}
	first := slices.Index(c.l.Images, im)
	for _, i := range append(c.instead[first], first) {
		c.opened.images[i] = true
	}
	return nil
}

// loadMore loads what the code that the walk of the whole life has reached loads by itself, and notes
// what it finds there. It reports whether there is more to walk.
func (c *clib) loadMore(w *cwalk) (more bool) {
	images, symbols := len(c.images), len(c.opened.symbols)
	before := c.opened
	c.opened.open = nil
	places := slices.SortedFunc(maps.Keys(c.notable), func(x, y cplace) int {
		return cmp.Or(cmp.Compare(c.notable[x], c.notable[y]), cmp.Compare(x.image, y.image), cmp.Compare(x.addr, y.addr))
	})
	for _, p := range places {
		at := cfunc{p.image, c.images[p.image].FuncAt(p.addr)}
		if at.fn < 0 || w.steps[p.image][at.fn] == nil {
			continue
		}
		calls, ok := w.allCalls(at)
		inside := p.image == 0 && loadsByItself(c.images[0].Image)
		if inside {
			calls, ok = w.callersOf(at), !w.addressTaken(p)
		}
		if !ok {
			c.cannotTell(c.notable[p], caller{c.number(at), place{}})
		}
		for _, by := range calls {
			if from := c.imageOf(by.fn); (from != p.image || inside) && from != c.loader {
				c.asks(w, c.notable[p], by)
			}
		}
	}
	c.opened.converts = c.opened.converts || c.namesCharacters()
	if c.opened.converts && !before.converts {
		c.loadConverters()
	}
	if len(c.images) > images {
		c.readAll()
		c.refersToGo(images)
		clear(c.ends)
		maps.DeleteFunc(c.a.bodies, func(fn int, _ *body) bool { return c.a.inC(fn) })
	}
	c.opened.any = c.opened.any && (c.opened.global || len(c.opened.images) > 0)
	return len(c.images) > images || len(c.opened.symbols) > symbols || c.opened.any != before.any || c.opened.global != before.global
}

// refersToGo reports the images from a number on that refer to Go's code or variables,
// about which that was walked without knowing of them.
func (c *clib) refersToGo(first int) {
	exe := c.images[0]
	for _, im := range c.images[first:] {
		for _, list := range im.slots.words {
			for _, to := range list {
				if fn := c.a.file.FuncAt(to.addr); to.image == 0 && exe.FuncAt(to.addr) < 0 && (fn < 0 || !c.a.whole.has(fn)) {
					c.unresolved(none, to.addr, fmt.Sprintf("%s, which is loaded while the program runs, refers to what is Go's", im.Name))
				}
			}
		}
	}
}

// asks looks at a call of one of the functions.
func (c *clib) asks(w *cwalk, name string, by caller) {
	values, ok := w.argument(by, c.a.arch.inOrder[watched[name]])
	var names []string
	null := false
	for _, v := range values {
		text, isText := c.images[v.image].Text(v.addr)
		null = null || v.addr == 0
		if isText && v.addr != 0 {
			names = append(names, text)
		}
		ok = ok && (isText || v.addr == 0)
	}
	switch name {
	case "dlopen", "dlmopen", "__libc_dlopen_mode":
		c.opened.global = c.opened.global || null
		for _, file := range names {
			ok = c.opens(by, file) && ok
		}
		if !ok && !c.opened.known {
			c.cannotTell(name, by)
		}
	case "dlsym", "dlvsym", "__libc_dlsym":
		for _, symbol := range names {
			c.opened.symbols[symbol] = true
		}
		if !ok {
			c.finds(w, name, by)
		}
	case "iconv_open":
		c.opened.converts = c.opened.converts || !c.ofLocale(by)
	case "__nss_configure_lookup":
		c.configures(names)
		if !ok {
			c.cannotTell(name, by)
		}
	default: // the locale: without a name it stays, with an empty one the environment says
		plain := func(s string) bool { return s == "C" || s == "POSIX" }
		c.opened.converts = c.opened.converts || !ok || slices.ContainsFunc(names, func(s string) bool { return !plain(s) })
	}
}

// opens loads a library that a call names. A path that depends on where the program
// is run says nothing.
func (c *clib) opens(by caller, file string) bool {
	if strings.Contains(file, "/") && !filepath.IsAbs(file) && !strings.HasPrefix(file, "$") {
		return false
	}
	err := c.loadOpened(usage.LoadedByDlopen, c.images[c.imageOf(by.fn)].Image, file)
	if err != nil && !errors.Is(err, elfimage.ErrNotFound) {
		c.opened.open = append(c.opened.open, openSite{by.fn, c.a.entry(by.fn) + uint64(by.off), fmt.Sprintf("it loads %s: %v", file, err)})
	}
	return true
}

// finds looks at a call that finds a function by a name that cannot be told. Where
// it looks in a library that was loaded, any function of that may be meant.
func (c *clib) finds(w *cwalk, name string, by caller) {
	handles, _ := w.argument(by, c.a.arch.inOrder[0])
	everywhere := slices.ContainsFunc(handles, func(v cplace) bool { return v.addr == 0 || v.addr == ^uint64(0) })
	if c.opened.known || !everywhere && !c.opened.global {
		c.opened.any = true
		return
	}
	c.cannotTell(name, by)
}

// cannotTell notes a call of which it is not known what it loads or finds.
func (c *clib) cannotTell(name string, by caller) {
	if c.opened.known {
		return
	}
	reason := fmt.Sprintf("it calls %s, and which library that loads cannot be told", name)
	switch name {
	case "dlsym", "dlvsym", "__libc_dlsym":
		reason = fmt.Sprintf("it calls %s, and which function that finds cannot be told", name)
	case "iconv_open", "setlocale", "newlocale":
		c.opened.converts = true
		return
	}
	reason += " (--assume-dlopen says which libraries may be loaded, or none)"
	c.opened.open = append(c.opened.open, openSite{by.fn, c.a.entry(by.fn) + uint64(by.off), reason})
}

// imageOf returns the image that a function is in.
func (c *clib) imageOf(fn int) int {
	if !c.a.inC(fn) {
		return 0
	}
	return c.function(fn).image
}

// reportOpened makes what is left open places of the result that could not be told.
func (c *clib) reportOpened() {
	for _, o := range c.opened.open {
		c.a.unresolved(o.fn, o.pc, o.reason)
	}
}

// byName visits the functions that are found by their names.
func (w *cwalk) byName() {
	c := w.c
	for i, im := range c.images {
		for s := range im.Exports {
			why := ""
			switch {
			case i >= c.needed && lookedUp(s.Name):
				why = "the C library looks it up in " + im.Name
			case i > 0 && (i < c.needed || im.Name == "libc.so.6") && foundByLoader(s.Name):
				why = "the dynamic loader looks it up in " + im.Name
			case c.opened.symbols[s.Name]:
				why = "dlsym finds it in " + im.Name
			case c.opened.any && c.opened.images[i]:
				why = "dlsym may find it in " + im.Name
			default:
				continue
			}
			p := cplace{i, s.Addr}
			w.named[p] = true
			w.take(p, cstep{how: byData, from: none, goFn: noFunc, note: why})
		}
	}
}
