package scan

import (
	"path"
	"slices"
	"strings"

	"github.com/gocurb/curb/internal/elfimage"
	"github.com/gocurb/curb/usage"
)

// The C library converts characters to and from what a locale, or a program, asks for
// by modules, one for a set of characters or a few. Which are asked for is not followed:
// where anything may be, all that are there are loaded. In the locale "C", in which
// programs begin, it needs none.

// modulesCache is where glibc looks first for which modules there are.
const modulesCache = "/gconv/gconv-modules.cache"

// namesCharacters reports whether any code but the C library's has the text by which
// fopen is asked to convert.
func (c *clib) namesCharacters() bool {
	return slices.ContainsFunc(c.images, func(im *cimage) bool { return im.Name != "libc.so.6" && im.Mentions("ccs=") })
}

// loadConverters loads all modules that convert characters.
func (c *clib) loadConverters() {
	by := libc(c.l)
	if by == nil {
		return
	}
	for _, dir := range c.converterDirs(by) {
		names, err := c.l.List(dir)
		if err != nil {
			continue // there are none: it converts what it knows by itself
		}
		for _, name := range modules(dir, names) {
			c.converter(by, name)
		}
	}
}

// modules returns the paths of the modules among the files in a directory.
func modules(dir string, names []string) []string {
	var out []string
	for _, name := range names {
		if strings.HasSuffix(name, ".so") {
			out = append(out, path.Join(dir, name))
		}
	}
	return out
}

// expectConverters has the modules read meanwhile, if a library may turn out to use them.
func (c *clib) expectConverters() {
	asks := func(s elfimage.Symbol) bool {
		return !s.Defined && (s.Name == "setlocale" || s.Name == "newlocale" || s.Name == "iconv_open")
	}
	by := libc(c.l)
	if by == nil || !slices.ContainsFunc(c.images, func(im *cimage) bool { return slices.ContainsFunc(im.Symbols, asks) }) {
		return
	}
	if cache, ok := by.TextWith(modulesCache); ok {
		dir := path.Dir(cache)
		names, _ := c.l.List(dir)
		c.l.ReadAhead(modules(dir, names))
	}
}

// ofLocale reports whether a call asks for what the locale's name says and nothing
// else: libidn2, which the C library loads for names of hosts, turns these from the
// locale's characters into Unicode, by libunistring.
func (c *clib) ofLocale(by caller) bool {
	im := c.images[c.imageOf(by.fn)]
	idn := c.l.By(im.Image)
	i := slices.IndexFunc(c.images, func(x *cimage) bool { return x.Image == idn })
	return strings.HasPrefix(im.Name, "libunistring.so.") && i > 0 && idn.Name == hosts && c.images[i].how == usage.LoadedByLibc
}

func (c *clib) converter(by *elfimage.Image, name string) {
	if err := c.load(usage.LoadedByGconv, by, name); err != nil {
		c.unresolved(none, 0, "it converts characters: "+err.Error())
	}
}

// converterDirs returns the directories in which the modules are. What says so is
// noted as looked at: who adds a module changes it.
func (c *clib) converterDirs(by *elfimage.Image) []string {
	cache, ok := by.TextWith(modulesCache)
	if !ok {
		return nil
	}
	dir := path.Dir(cache)
	dirs := []string{dir}
	more := []string{path.Join(dir, "gconv-modules")}
	if names, err := c.l.List(path.Join(dir, "gconv-modules.d")); err == nil {
		for _, name := range names {
			more = append(more, path.Join(dir, "gconv-modules.d", name))
		}
	}
	for _, name := range more {
		content, _ := c.l.ReadFile(name)
		for line := range strings.Lines(string(content)) {
			if f := strings.Fields(line); len(f) > 3 && f[0] == "module" && path.IsAbs(f[3]) {
				c.converter(by, strings.TrimSuffix(f[3], ".so")+".so")
			}
		}
	}
	content, _ := c.l.ReadFile(cache)
	for text := range strings.SplitSeq(string(content), "\x00") {
		if path.IsAbs(text) && path.Clean(text) != dir {
			dirs = append(dirs, text) // of modules elsewhere
		}
	}
	return dirs
}
