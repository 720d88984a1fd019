package scan_test

import (
	"strings"
	"testing"

	"github.com/gocurb/curb/scan"
)

// The module loads a library by itself and calls a function in it. Which ones, and
// whether that can be told, depends on how it is built.
const opens = `
#include <dlfcn.h>
#ifdef WRAPPED
__attribute__((noinline)) static void *load(const char *name, int flags) { return dlopen(name, flags); }
#else
#define load dlopen
#endif
#ifndef LIBRARY
#define LIBRARY name
#endif
#ifndef SYMBOL
#define SYMBOL name
#endif
int _nss_mine_gethostbyname4_r(const char *name) {
	void *handle = load(LIBRARY, RTLD_NOW);
#ifdef WRAPPED
	if (handle == 0)
		handle = load("libmine-missing.so.1", RTLD_LAZY);
#endif
	int (*f)(void) = handle == 0 ? 0 : (int (*)(void))dlsym(handle, SYMBOL);
	return f == 0 ? -1 : f();
}
`

// What a library does that is loaded so.
const mine = `
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
__attribute__((constructor)) static void begin(void) { getpriority(PRIO_PROCESS, 0); }
int mine_one(void) { return getpgid(0); }
int mine_two(void) { return getsid(0); }
`

// A library that C code loads is followed if it can be told which one it is, and of
// its functions those that may be called.
func TestOpened(t *testing.T) {
	const library, symbol, wrapped = `-DLIBRARY="libmine.so.1"`, `-DSYMBOL="mine_one"`, "-DWRAPPED"
	none, known := []string{}, []string{"libmine.so.1"}
	for _, c := range []struct {
		name     string
		flags    []string
		assume   []string
		one, two bool   // whether the library's functions count
		open     string // a function that is called with what cannot be told
	}{
		{"all known", []string{library, symbol}, nil, true, false, ""},
		{"known library", []string{library}, nil, true, true, ""},
		{"through a function", []string{library, symbol, wrapped}, nil, true, false, ""},
		{"unknown", nil, nil, false, false, "dlopen"},
		{"unknown library", []string{symbol}, nil, false, false, "dlopen"},
		{"unknown, none", nil, none, false, false, ""},
		{"unknown, known", nil, known, true, true, ""},
		{"unknown library, known", []string{symbol}, known, true, false, ""},
		{"known library, none", []string{library, symbol}, none, true, false, ""},
		{"everywhere", []string{`-DLIBRARY=0`}, nil, false, false, "dlsym"},
		{"by a path from here", []string{`-DLIBRARY="./libmine.so.1"`, symbol}, nil, false, false, "dlopen"},
		{"no library", []string{`-DLIBRARY="libscript.so"`}, nil, false, false, ""},
		{"missing", []string{`-DLIBRARY="libnone.so.1"`}, nil, false, false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSystem(t, "hosts: mine\n")
			s.compile("/lib/x86_64-linux-gnu/libnss_mine.so.2", opens, c.flags...)
			s.compile("/lib/x86_64-linux-gnu/libmine.so.1", mine)
			s.write("/lib/x86_64-linux-gnu/libscript.so", "GROUP ( libmine.so.1 )") // for linkers
			u := s.scan(scan.Options{Assume: scan.Assume{Dlopen: c.assume}})
			for name, want := range map[string]bool{"getpriority": c.one || c.two, "getpgid": c.one, "getsid": c.two} {
				if _, ok := u.Find(name); ok != want {
					t.Errorf("%s is in the list: %t", name, ok)
				}
			}
			var open strings.Builder
			for _, o := range u.Unresolved {
				open.WriteString(o.Function + ": " + o.Reason + "\n")
			}
			if c.open == "" && open.String() != "" || !strings.Contains(open.String(), "it calls "+c.open) && c.open != "" {
				t.Errorf("unresolved: %q", open.String())
			}
			if c.open != "" && (len(u.Unresolved[0].Chain) == 0 || u.Unresolved[0].Package != "libnss_mine.so.2") {
				t.Errorf("nothing leads there: %v", u.Unresolved[0])
			}
			_, listed := loadedAs(u, "libmine.so.1")
			if listed != (c.one || c.two) {
				t.Errorf("the library is listed: %t", listed)
			}
		})
	}
}

// A library that is assumed to be loaded has to be there.
func TestAssumedMissing(t *testing.T) {
	s := newSystem(t, "hosts: files\n")
	path := buildOnce(t, "names", ".", withC(t), "./testdata/names")
	_, err := scan.File(path, scan.Options{Sysroot: s.root, Assume: scan.Assume{Dlopen: []string{"libmine.so.1"}}})
	if err == nil || !strings.Contains(err.Error(), "libmine.so.1") {
		t.Errorf("the error is %v", err)
	}
}
