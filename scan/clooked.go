package scan

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"unicode"

	"github.com/gocurb/curb/internal/elfimage"
	"github.com/gocurb/curb/usage"
)

// What glibc loads by itself while the program runs: modules for names of hosts,
// users and groups, as nsswitch.conf has them, the unwinder for threads that
// end, and what makes names of hosts with letters beyond ASCII.
const (
	unwinder = "libgcc_s.so.1"
	hosts    = "libidn2.so.0"
)

// lookedUp reports whether the C library looks for a function of that name in
// what it loads.
func lookedUp(symbol string) bool {
	switch symbol {
	case "_Unwind_Resume", "__gcc_personality_v0", "_Unwind_ForcedUnwind", "_Unwind_GetCFA", "_Unwind_Backtrace", "_Unwind_GetIP",
		"idn2_lookup_ul", "idn2_to_unicode_lzlz", "gconv", "gconv_init", "gconv_end":
		return true
	}
	return strings.HasPrefix(symbol, "_nss_")
}

// foundByLoader reports whether the dynamic loader looks for a function of that name
// in the libraries that it has loaded: what prepares the C library, and what the loader
// uses in place of its own once that is done.
func foundByLoader(symbol string) bool {
	switch symbol {
	case "__libc_early_init", "malloc", "calloc", "realloc", "free", "pthread_mutex_lock", "pthread_mutex_unlock":
		return true
	}
	return false
}

// libc returns the image of the C library, or the program that has it in itself with
// what loads libraries; nil where there is none.
func libc(l *elfimage.Loader) *elfimage.Image {
	if exe := l.Images[0]; loadsByItself(exe) {
		return exe
	}
	i := slices.IndexFunc(l.Images, func(im *elfimage.Image) bool { return im.Name == "libc.so.6" })
	if i < 0 {
		return nil
	}
	return l.Images[i]
}

// preload loads what the system has for all programs (ld.so(8)), as far as it is there.
func (c *clib) preload(exe *elfimage.Image) error {
	if exe.Interp == "" || c.l.Musl() { // who else does not look there
		c.add("")
		return nil
	}
	content, err := c.l.ReadFile("/etc/ld.so.preload")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	c.add("")
	for line := range strings.Lines(string(content)) {
		line, _, _ = strings.Cut(line, "#")
		for _, name := range strings.FieldsFunc(line, func(r rune) bool { return r == ':' || unicode.IsSpace(r) }) {
			if _, err := c.l.Load(name, exe); err != nil && !errors.Is(err, elfimage.ErrNotFound) {
				return fmt.Errorf("%s, which /etc/ld.so.preload has: %w", name, err)
			}
		}
	}
	c.add(usage.LoadedAsPreload)
	return nil
}

// loadsByItself reports whether a static program has glibc's code to load libraries
// in it, by one of that code's messages.
func loadsByItself(exe *elfimage.Image) bool {
	return exe.Interp == "" && len(exe.Needed) == 0 && exe.Holds("invalid mode for dlopen()")
}

// loadAtRunTime loads them too, as far as they are there.
func (c *clib) loadAtRunTime() error {
	by := libc(c.l)
	if by == nil {
		return nil
	}
	for _, name := range []string{unwinder, hosts} {
		if !by.Mentions(name) {
			continue
		}
		if err := c.load(usage.LoadedByLibc, by, name); err != nil {
			return err
		}
	}
	if !by.Mentions("libnss_") {
		return nil
	}
	services, err := services(c.l)
	if err != nil {
		return err
	}
	for i, s := range services {
		services[i] = "libnss_" + s + ".so.2"
	}
	return c.load(usage.LoadedByNSS, by, services...)
}

// load loads libraries that are asked for while the program runs, with what they
// need. One that is not there, or lacks what it needs, is not loaded then, either.
func (c *clib) load(how usage.Loaded, by *elfimage.Image, names ...string) error {
	for _, name := range names {
		if err := c.loadOne(how, by, name); err != nil && !errors.Is(err, elfimage.ErrNotFound) {
			return fmt.Errorf("%s, which %s loads: %w", name, by.Name, err)
		}
	}
	return nil
}

// loadOne loads one library, with what it needs.
func (c *clib) loadOne(how usage.Loaded, by *elfimage.Image, name string) error {
	before := len(c.l.Images)
	_, err := c.l.Load(name, by)
	loaded := len(c.l.Images)
	if err == nil {
		err = c.l.LoadAll()
	}
	if err != nil {
		c.l.Forget(before)
		return err
	}
	c.take(how, loaded)
	if how != usage.LoadedByGconv { // what these need is theirs alone
		how = usage.LoadedAsNeeded
	}
	c.add(how)
	return nil
}
