package scan_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gocurb/curb/scan"
	"github.com/gocurb/curb/usage"
)

// Everything that C code brings in is taken from the system below the root: what is
// loaded as nsswitch.conf there says, by libraries that are there.
func TestSysroot(t *testing.T) {
	s := newSystem(t, "passwd: files\nhosts: files [NOTFOUND=return] mine absent\n")
	s.compile("/lib/x86_64-linux-gnu/libnss_mine.so.2", "#include <unistd.h>\nint _nss_mine_gethostbyname4_r(void) { return getpgid(0); }")
	u := s.scan(scan.Options{})
	complete(t, u)
	for name, want := range map[string]usage.Loaded{
		"libnss_mine.so.2": usage.LoadedByNSS, "libc.so.6": usage.LoadedAsNeeded, "libnss_systemd.so.2": "", "libnss_absent.so.2": "",
	} {
		if got, _ := loadedAs(u, name); got != want {
			t.Errorf("%s is loaded %q, want %q", name, got, want)
		}
	}
	if _, ok := u.Find("getpgid"); !ok {
		t.Error("getpgid is missing, which the module makes")
	}
	for _, l := range append(u.Libraries, *u.Loader) {
		if !strings.HasPrefix(l.Path, s.root+"/") {
			t.Errorf("%s is not below %s", l.Path, s.root)
		}
	}
}

// Links in the system lead to what is in the system, absolute ones too.
func TestSysrootLinks(t *testing.T) {
	s := newSystem(t, "hosts: files\n")
	if err := os.Rename(s.path("/lib"), s.path("/moved")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/moved", s.path("/lib")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(s.path("/lib64/ld-linux-x86-64.so.2"), s.path("/moved/loader")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/moved/loader", s.path("/lib64/ld-linux-x86-64.so.2")); err != nil {
		t.Fatal(err)
	}
	u := s.scan(scan.Options{})
	complete(t, u)
	if want := s.path("/moved/loader"); u.Loader == nil || u.Loader.Path != want {
		t.Errorf("the loader is %v, want %s", u.Loader, want)
	}
	if !slices.ContainsFunc(u.Libraries, func(l usage.LoaderFile) bool {
		return l.Path == s.path("/moved/x86_64-linux-gnu/libc.so.6") && l.SHA256 != ""
	}) {
		t.Errorf("the libraries are %v", u.Libraries)
	}
}

// A library that is not there is named, with who needs it.
func TestSysrootLacks(t *testing.T) {
	s := newSystem(t, "hosts: files mine\n")
	mine := "/lib/x86_64-linux-gnu/libmine.so.1"
	s.compile(mine, "int mine(void) { return 0; }")
	s.compile("/lib/x86_64-linux-gnu/libnss_mine.so.2", "#include <unistd.h>\nint mine(void); int _nss_mine_gethostbyname4_r(void) { return getpgid(mine()); }", s.path(mine))
	if _, ok := s.scan(scan.Options{}).Find("getpgid"); !ok {
		t.Error("getpgid is missing, which the module makes")
	}
	if err := os.Remove(s.path(mine)); err != nil {
		t.Fatal(err)
	}
	u := s.scan(scan.Options{}) // the C library cannot load the module, and goes on
	complete(t, u)
	if _, ok := u.Find("getpgid"); ok {
		t.Error("getpgid is in the list, and the module that makes it cannot be loaded")
	}
	for _, name := range []string{"/lib/x86_64-linux-gnu/libc.so.6", "/lib64/ld-linux-x86-64.so.2"} {
		if err := os.Remove(s.path(name)); err != nil {
			t.Fatal(err)
		}
		u := s.scan(scan.Options{})
		if !slices.ContainsFunc(u.Unresolved, func(o usage.Unresolved) bool {
			return strings.Contains(o.Reason, filepath.Base(name)) && strings.Contains(o.Reason, "--sysroot")
		}) {
			t.Errorf("without %s the unresolved places are %v", name, u.Unresolved)
		}
		s.copy(name)
	}
}

// What the system loads into every program counts.
func TestPreloaded(t *testing.T) {
	s := newSystem(t, "hosts: files\n")
	s.compile("/opt/first.so", "#include <unistd.h>\nint getaddrinfo(void) { return getpgid(0); }")
	s.write("/etc/ld.so.preload", "# for all\n/opt/first.so:/opt/absent.so\n")
	u := s.scan(scan.Options{})
	complete(t, u)
	if _, ok := u.Find("getpgid"); !ok {
		t.Error("getpgid is missing, which the program does instead of looking up a host")
	}
	if got, _ := loadedAs(u, "first.so"); got != usage.LoadedAsPreload {
		t.Errorf("it is loaded %q", got)
	}
}

// All libraries count of which one is loaded, depending on the processor.
func TestProcessors(t *testing.T) {
	s := newSystem(t, "hosts: mine\n")
	const dir = "/lib/x86_64-linux-gnu/"
	s.compile(dir+"libmine.so.1", "#include <unistd.h>\nint mine(void) { return getpgid(0); }")
	s.compile(dir+"glibc-hwcaps/x86-64-v3/libmine.so.1", "#include <unistd.h>\nint mine(void) { return getsid(0); }")
	s.compile(dir+"libnss_mine.so.2", "int mine(void); int _nss_mine_gethostbyname4_r(void) { return mine(); }", s.path(dir+"libmine.so.1"))
	u := s.scan(scan.Options{})
	complete(t, u)
	for _, name := range []string{"getpgid", "getsid"} {
		if _, ok := u.Find(name); !ok {
			t.Errorf("%s is missing, which one of the libraries makes", name)
		}
	}
}

// Modules that convert characters count where the locale may be another than "C".
func TestConverters(t *testing.T) {
	const module = "/usr/lib/x86_64-linux-gnu/gconv/MINE.so"
	for code, want := range map[string]bool{
		`*setlocale(LC_ALL, "C")`: false, `*setlocale(LC_ALL, 0)`: false, `*setlocale(LC_ALL, "")`: true, `*setlocale(LC_ALL, "de_DE")`: true,
		`*setlocale(LC_ALL, name)`: true, `newlocale(LC_ALL_MASK, "POSIX", 0) != 0`: false, `iconv_open(name, "UTF-8") != 0`: true,
		`fopen(name, "r") != 0`: false, `fopen(name, "r,ccs=MINE") != 0`: true,
	} {
		s := newSystem(t, "hosts: mine\n")
		s.compile("/lib/x86_64-linux-gnu/libnss_mine.so.2", "#define _GNU_SOURCE\n#include <iconv.h>\n#include <locale.h>\n#include <stdio.h>\nint _nss_mine_gethostbyname4_r(const char *name) { return "+code+"; }")
		s.compile(module, "#include <unistd.h>\nint gconv(void) { return getpgid(0); }")
		u := s.scan(scan.Options{})
		complete(t, u)
		if _, ok := u.Find("getpgid"); ok != want {
			t.Errorf("%s: that the module's call is in the list is %t", code, ok)
		}
	}
}

// complete checks that nothing was left open.
func complete(t *testing.T, u *usage.Usage) {
	t.Helper()
	for _, o := range u.Unresolved {
		t.Errorf("%s in %s: %s", o.Function, o.Package, o.Reason)
	}
}

// What a program asks for by itself, in the way of nsswitch.conf, is loaded too.
func TestConfiguredServices(t *testing.T) {
	s := newSystem(t, "hosts: mine\n")
	s.compile("/lib/x86_64-linux-gnu/libnss_other.so.2", "#include <unistd.h>\nint _nss_other_gethostbyname4_r(void) { return getpgid(0); }")
	s.compile("/lib/x86_64-linux-gnu/libnss_mine.so.2", `
int __nss_configure_lookup(const char *, const char *);
int _nss_mine_one(void) { return __nss_configure_lookup("hosts", "absent [NOTFOUND=continue] other"); }`)
	u := s.scan(scan.Options{})
	complete(t, u)
	if _, ok := u.Find("getpgid"); !ok {
		t.Error("getpgid is missing, which the module makes")
	}
	s.compile("/lib/x86_64-linux-gnu/libnss_mine.so.2", `
int __nss_configure_lookup(const char *, const char *);
int _nss_mine_one(const char *list) { return __nss_configure_lookup("hosts", list); }`)
	if u := s.scan(scan.Options{}); !slices.ContainsFunc(u.Unresolved, func(o usage.Unresolved) bool { return strings.Contains(o.Reason, "__nss_configure_lookup") }) {
		t.Errorf("it is not said that services cannot be told: %v", u.Unresolved)
	}
}

// Code into which the loader writes addresses is not followed.
func TestAddressesInText(t *testing.T) {
	s := newSystem(t, "hosts: mine\n")
	s.compile("/lib/x86_64-linux-gnu/libnss_mine.so.2", "#include <unistd.h>\nstatic int f(void) { return getpgid(0); }\n"+
		"void *_nss_mine_one(void) { void *p; __asm__(\"movabsq %1, %0\" : \"=r\"(p) : \"i\"(f)); return p; }", "-Wl,-z,notext")
	if u := s.scan(scan.Options{}); !slices.ContainsFunc(u.Unresolved, func(o usage.Unresolved) bool { return strings.Contains(o.Reason, "DT_TEXTREL") }) {
		_, ok := u.Find("getpgid")
		t.Errorf("it is not refused (getpgid is in the list: %v): %v", ok, u.Unresolved)
	}
}
