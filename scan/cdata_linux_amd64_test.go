package scan_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gocurb/curb/scan"
	"github.com/gocurb/curb/usage"
)

// records are tables of functions in a module, none of which calls one but through a
// pointer that code finds there.
const records = `
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
typedef long fn(void);
#define CALL(name) static long f_##name(void) { return syscall(SYS_##name, 0, 0, 0, 0); }
CALL(getpgid) CALL(getsid) CALL(getpriority) CALL(personality) CALL(umask) CALL(sync) CALL(vhangup)
struct record { fn *one, *two, *three, *four; };
`

// A function that only data holds can be called where code comes to the data, however
// it does that, and by whatever address inside of the object or at its end.
func TestFunctionsInData(t *testing.T) {
	for name, code := range map[string]string{
		"read":    `static fn *p = f_getpgid; void set(fn *to) { p = to; } long _nss_mine_get(void) { return p(); }`,
		"object":  `static struct record r = {.four = f_getpgid}; void set(fn *to) { r.four = to; } struct record *_nss_mine_get(void) { return &r; }`,
		"pointed": `static struct record r = {.two = f_getpgid}, *p = &r; void set(fn *to) { r.two = to; p++; } struct record *_nss_mine_get(void) { return p; }`,
		"copied":  `static struct record __attribute__((section("mine"))) r = {.two = f_getpgid}; void set(fn *to) { r.two = to; } void _nss_mine_get(struct record *to) { memcpy(to, &r, sizeof r); }`,
		// An array is gone through, of which other code names a part.
		"array":   `static struct record r[4] = {{f_umask}, {f_umask}, {f_getpgid}, {f_getpgid}}; struct record *last(void) { return &r[2]; } long _nss_mine_get(int n) { long s = 0; for (int i = 0; i < n; i++) s += r[i].one(); return s; }`,
		"back":    `static fn *f[4] = {f_umask, f_getpgid, f_umask, f_umask}; fn **set(int n) { return f + n; } long _nss_mine_get(int n) { long s = 0; for (fn **p = f + 4; p-- > f + n;) s += (*p)(); return s; }`,
		"end":     `fn *mine_end[8] __attribute__((visibility("hidden"), aligned(32), section("mine"))) = {f_umask, f_umask, f_umask, f_umask, f_umask, f_umask, f_getpgid, f_umask}; long _nss_mine_get(int n) { fn **p; __asm__("lea mine_end+64(%%rip), %0" : "=r"(p)); return p[-n](); }`,
		"before":  `fn *mine_before[8] __attribute__((visibility("hidden"))) = {f_getpgid, f_umask}; fn **all(void) { return mine_before; } long _nss_mine_get(int n) { fn **p; __asm__("lea mine_before-8(%%rip), %0" : "=r"(p)); return p[n](); }`,
		"handler": `long mine_handler(void) __attribute__((visibility("hidden"))); long mine_handler(void) { return f_getpgid(); } __asm__("mine_any: .cfi_startproc\n.cfi_personality 0x9b, mine_ref\nret\n.cfi_endproc\n.section .data.rel.ro,\"aw\"\n.balign 8\nmine_ref: .quad mine_handler\n.text"); long _nss_mine_get(void) { return f_sync(); }`,
		"direct":  `long mine_handler(void) __attribute__((visibility("hidden"))); long mine_handler(void) { return f_getpgid(); } __asm__("mine_any: .cfi_startproc\n.cfi_personality 0x1b, mine_handler\nret\n.cfi_endproc\n"); long _nss_mine_get(void) { return f_sync(); }`,
		"types":   `struct record mine_type __attribute__((visibility("hidden"), section("mine"))) = {f_getpgid}; __asm__(".section .data.rel.ro,\"aw\"\n.balign 8\nmine_ref: .quad mine_type\n.section .gcc_except_table,\"a\"\n.byte 0\n.long mine_ref - .\n.text"); long _nss_mine_get(void) { return f_sync(); }`,
		"chooser": `static fn *choose(void) { f_getpgid(); return f_sync; } long mine_chosen(void) __attribute__((ifunc("choose"))); static fn *p[4] = {0, mine_chosen}; fn **set(int n) { p[n] = f_umask; return p; } long _nss_mine_get(void) { return f_sync(); }`,
		"other":   `struct record mine_r = {.three = f_getpgid}; extern struct record mine_r; struct record *_nss_mine_get(void) { return &mine_r; }`,
		"thread":  `static __thread fn *p = f_getpgid; void set(fn *to) { p = to; } long _nss_mine_get(void) { return p(); }`,
		"atend":   `__attribute__((destructor)) void end(void) { f_getpgid(); }`,
	} {
		t.Run(name, func(t *testing.T) {
			s := newSystem(t, "hosts: mine\n")
			s.compile("/lib/x86_64-linux-gnu/libnss_mine.so.2", records+code, "-fexceptions", "-s")
			u := s.scan(scan.Options{})
			if call, ok := u.Find("getpgid"); !ok || len(calledIn(call, "libnss_mine.so.2")) == 0 {
				t.Errorf("getpgid is missing: %v", call)
			}
		})
	}
}

// calledIn returns those places that make a call where a chain leads through a library.
func calledIn(call usage.Syscall, library string) []usage.Evidence {
	var out []usage.Evidence
	for _, e := range call.Evidence {
		for _, step := range e.Chain {
			if step.Package == library {
				out = append(out, e)
				break
			}
		}
	}
	return out
}

// What lies beside data that code comes to does not count, nor does what nobody reads.
func TestDataThatNobodyReads(t *testing.T) {
	code := `
static struct record a = {f_getsid, f_getsid}, c = {.two = f_vhangup}, *p[4] = {&c};
static long numbers[8] = {1};
static struct record b = {.three = f_personality};
void mine_set(fn *to, int n) { a.one = b.three = c.two = to; numbers[n] = n; }
struct record *mine_get(int n) { return n ? &b : p[n]; }
struct record *_nss_mine_get(int n) { return &a; }
long *_nss_mine_getnumbers(void) { return numbers; }
`
	s := newSystem(t, "hosts: mine\n")
	s.compile("/lib/x86_64-linux-gnu/libnss_mine.so.2", records+code, "-s")
	u := s.scan(scan.Options{})
	if _, ok := u.Find("getsid"); !ok {
		t.Error("getsid is missing, which a table holds that code comes to")
	}
	for _, name := range []string{"personality", "vhangup"} {
		if call, ok := u.Find(name); ok {
			t.Errorf("%s is in the list, whose table nobody reads: %v", name, call.Evidence[0].Chain)
		}
	}
}

// The C library's code for RPC and for pipes to programs is held by tables in its data
// only, to which no code leads that the program can run.
func TestWhatTablesInTheCLibraryHold(t *testing.T) {
	s := newSystem(t, "hosts: files dns\n")
	for _, phase := range []usage.Phase{usage.Exec, usage.Main} {
		u := s.scan(scan.Options{Phase: phase})
		for _, name := range []string{"mkdir", "wait4"} {
			if call, ok := u.Find(name); ok {
				t.Errorf("phase %s: %s is in the list: %v", phase, name, shown(call.Evidence[0].Chain))
			}
		}
	}
	u := s.scan(scan.Options{Phase: usage.Main})
	for _, name := range []string{"execve", "arch_prctl", "set_tid_address"} {
		if call, ok := u.Find(name); ok {
			t.Errorf("%s is in the list, which only the loader's start makes: %v", name, shown(call.Evidence[0].Chain))
		}
	}
}

func shown(chain []usage.Step) string {
	var out []string
	for _, s := range chain {
		out = append(out, fmt.Sprintf("%s %s", s.How, s.Function))
	}
	return strings.Join(out, " > ")
}
