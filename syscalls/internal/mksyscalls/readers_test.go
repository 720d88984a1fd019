package main

import (
	"maps"
	"os"
	"strings"
	"testing"
)

const header = `/* a comment
#define __NR_commented 1
*/
#ifndef _UNISTD_H
#define _UNISTD_H
#include <asm/bitsperlong.h>
#ifndef __SYSCALL
#define __SYSCALL(x, y)
#endif
#define __NR_io_setup 0
__SYSCALL(__NR_io_setup, sys_io_setup)
#if defined(__WANT_TIME32) || __BITS_PER_LONG != 32 /* both */
# define __NR_futex 98
#else
#define __NR_futex 99
#endif
#ifdef __WANT_RENAMEAT
#define __NR_renameat 38
#endif
#define __NR3264_fcntl 25
#if __BITS_PER_LONG == 64 && !defined __COMPAT
#define __NR_fcntl __NR3264_fcntl
#elif __BITS_PER_LONG == 16
#define __NR_fcntl16 __NR3264_fcntl
#else
#define __NR_fcntl64 __NR3264_fcntl
#endif
#ifdef __NOWHERE
#if garbage ' that is passed over
#elif more of it '
#else
#define __NR_never 1
#endif
#endif
#define __NR_base (0x10 + \
	5)
#define __NR_gone 5
#undef __NR_gone
#define __NR_syscalls 300
#endif
`

func TestPreprocessor(t *testing.T) {
	for _, test := range []struct {
		macros []string
		bits   string
		want   map[string]uint32
	}{
		{nil, "64", map[string]uint32{"io_setup": 0, "futex": 98, "fcntl": 25, "base": 21}},
		{[]string{"__WANT_RENAMEAT"}, "64", map[string]uint32{"io_setup": 0, "futex": 98, "fcntl": 25, "base": 21, "renameat": 38}},
		{nil, "32", map[string]uint32{"io_setup": 0, "futex": 99, "fcntl64": 25, "base": 21}},
		{[]string{"__WANT_TIME32"}, "32", map[string]uint32{"io_setup": 0, "futex": 98, "fcntl64": 25, "base": 21}},
		{[]string{"__COMPAT"}, "16", map[string]uint32{"io_setup": 0, "futex": 98, "fcntl16": 25, "base": 21}},
	} {
		p := &cpp{macros: map[string]string{"__BITS_PER_LONG": test.bits}}
		for _, m := range test.macros {
			p.macros[m] = ""
		}
		if err := p.readString("header", header); err != nil {
			t.Errorf("%v, %s bits: %v", test.macros, test.bits, err)
			continue
		}
		got, err := p.numbers()
		if err != nil || !maps.Equal(got, test.want) || len(p.conds) != 0 {
			t.Errorf("%v, %s bits: got %v, %v, want %v", test.macros, test.bits, got, err, test.want)
		}
	}
}

func TestPreprocessorErrors(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"\n#endif", "h:2: #endif: without #if"},
		{"#else", "h:1: #else: without #if"},
		{"/*\n\n*/\n#if 1 +\n#endif", "h:4: #if: \"1 +\" is not a constant expression"},
		{"#if f(1)", "is not handled"},
		{"#if 1 ^ 2", "operator ^ is not handled"},
		{"#define A B\n#define B A\n#if A\n#endif", "without end"},
		{"#define A 99999999999999999999\n#if A\n#endif", "out of range"},
	} {
		p := &cpp{macros: map[string]string{}}
		if err := p.readString("h", test.text); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: got %v, want %q", test.text, err, test.want)
		}
	}
}

func TestParseFormat(t *testing.T) {
	const format = "name: sys_enter_x\nID: 782\nformat:\n" +
		"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n" +
		"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n" +
		"\tfield:int __syscall_nr;\toffset:8;\tsize:4;\tsigned:1;\n" +
		"\tfield:const int dfd;\toffset:16;\tsize:8;\tsigned:0;\n" +
		"\tfield:const char * filename;\toffset:24;\tsize:8;\tsigned:0;\n" +
		"\tfield:const char *const * argv;\toffset:32;\tsize:8;\tsigned:0;\n" +
		"\tfield:const void *const attr;\toffset:40;\tsize:8;\tsigned:0;\n" +
		"\tfield:struct head * * ptr;\toffset:48;\tsize:8;\tsigned:0;\n" +
		"\tfield:unsigned flags;\toffset:56;\tsize:8;\tsigned:0;\n\n" +
		"print fmt: \"dfd: 0x%08lx\", ((unsigned long)(REC->dfd))\n"
	p, err := parseFormat("x", format)
	if err != nil {
		t.Fatal(err)
	}
	const want = "x(int dfd, const char *filename, const char *const *argv, const void *attr, struct head **ptr, unsigned flags)"
	if p.String() != want {
		t.Errorf("got  %s\nwant %s", p, want)
	}
	again, err := parsePrototype(p.String())
	if err != nil || again.String() != want {
		t.Errorf("read again: %v, %v", again, err)
	}
}

func TestTypeBits(t *testing.T) {
	sizes := map[string]int{"umode_t": 16, "loff_t": 64, "enum kind": 32}
	for typ, want := range map[string]int{
		"int": 32, "unsigned": 32, "unsigned int": 32, "long": 64, "unsigned long": 64, "long long": 64,
		"unsigned short": 16, "char": 8, "char *": 64, "umode_t": 16, "loff_t": 64, "enum kind": 32,
		"umode_t *": 64, "void **": 64, "long int": 64,
	} {
		if got, err := typeBits(typ, sizes); err != nil || got != want {
			t.Errorf("%q has %d bits, %v, want %d", typ, got, err, want)
		}
	}
	for _, typ := range []string{"", "what_t", "struct s", "enum other"} {
		if got, err := typeBits(typ, sizes); err == nil {
			t.Errorf("%q has %d bits and no error", typ, got)
		}
	}
}

// A BTF that is cut off or damaged is an error or gives less, and never a panic.
func TestBTFDamaged(t *testing.T) {
	data, err := os.ReadFile(btfFile)
	if err != nil {
		t.Skipf("this kernel's BTF cannot be read: %v", err)
	}
	if _, err := parseBTF(data); err != nil {
		t.Fatal(err)
	}
	for n := 0; n < len(data); n += len(data)/40 + 1 {
		if _, err := parseBTF(data[:n]); err == nil {
			t.Errorf("cut off after %d of %d bytes there is no error", n, len(data))
		}
	}
	for _, magic := range []string{"\x00\x00", "\xeb\x9f"} {
		damaged := append([]byte(magic), data[2:]...)
		if _, err := parseBTF(damaged); err == nil {
			t.Errorf("with the magic number %x there is no error", magic)
		}
	}
	for i := 24; i < 1<<16; i += 997 {
		damaged := append([]byte(nil), data[:1<<16]...)
		copy(damaged[4:], data[4:24])
		damaged[12], damaged[13], damaged[14], damaged[15] = 0, 0x80, 0, 0 // types: 32 KB
		damaged[16], damaged[17], damaged[18], damaged[19] = 0, 0x80, 0, 0 // strings behind them
		damaged[20], damaged[21], damaged[22], damaged[23] = 0, 0x10, 0, 0
		damaged[i] ^= 0xff
		if b, err := parseBTF(damaged); err == nil {
			b.sizes()
			b.calls("__do_sys_")
		}
	}
}
