package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// kernelSource is as much of a kernel as is read.
var kernelSource = map[string]string{
	"Makefile": "# SPDX-License-Identifier: GPL-2.0\nVERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 117\nEXTRAVERSION =\n",
	"arch/x86/entry/syscalls/syscall_64.tbl": `# a comment
0	common	read			sys_read
4	common	stat			sys_newstat
9	64	mmap			sys_mmap
56	common	clone			sys_clone
177	64	get_kernel_syms
205	64	set_thread_area		-
236	64	vserver			sys_ni_syscall
514	x32	ioctl			compat_sys_ioctl
`,
	"arch/arm/tools/syscall.tbl": "3	common	read	sys_read\n13	oabi	time	sys_time32\n192	common	mmap2	sys_mmap2\n",
	"arch/arm/include/uapi/asm/unistd.h": `#define __ARM_NR_BASE			(__NR_SYSCALL_BASE+0x0f0000)
#define __ARM_NR_breakpoint		(__ARM_NR_BASE+1)
#define __ARM_NR_set_tls		(__ARM_NR_BASE+5)
`,
	"arch/arm/kernel/sys_arm.c": `
asmlinkage long sys_fadvise(int fd, int advice,
				     loff_t offset, loff_t len)
{
}
asmlinkage long sys_declared(int fd);
asmlinkage void sys_rt_sigreturn(void)
{
}
asmlinkage long sys32_seven(int a, int b, int c, int d, int e, int f, int g)
{
}
`,
	"arch/x86/kernel/sys_x86_64.c": "SYSCALL_DEFINE6(mmap, unsigned long, addr, unsigned long, len,\n\t\tunsigned long, prot, unsigned long, flags,\n\t\tunsigned long, fd, unsigned long, off)\n{\n}\n",
	"arch/x86/um/tls.c":            "SYSCALL_DEFINE1(mmap, int, other)\n",
	"arch/vax/kernel/sys.c":        "SYSCALL_DEFINE1(mmap, int, unread)\n",
	"fs/read_write.c": `/* SYSCALL_DEFINE1(commented, int, fd) */
SYSCALL_DEFINE3(read, unsigned int, fd, char __user *, buf, size_t, count)
COMPAT_SYSCALL_DEFINE3(ioctl, unsigned int, fd, unsigned int, cmd,
		       compat_ulong_t, arg32)
SYSCALL32_DEFINE2(skipped, int, fd, SC_ARG64(len))
SYSCALL_DEFINE2(macro, int, fd, SC_ARG64(len))
SYSCALL_DEFINE0(getpid)
`,
	"kernel/fork.c": `#ifdef CONFIG_CLONE_BACKWARDS
SYSCALL_DEFINE2(clone, unsigned long, clone_flags, unsigned long, tls)
#else
SYSCALL_DEFINE2(clone, unsigned long, clone_flags,
		int __user *, child_tidptr)
#endif
`,
}

var sourceArches = []*arch{
	{name: "amd64", bits: 64, sourceDir: "x86", tableFile: "arch/x86/entry/syscalls/syscall_64.tbl", abis: []string{"common", "64"}},
	{name: "arm", bits: 32, pairs: "even", sourceDir: "arm", tableFile: "arch/arm/tools/syscall.tbl", abis: []string{"common"}},
	{name: "x32", bits: 64, sourceDir: "x86", tableFile: "arch/x86/entry/syscalls/syscall_64.tbl", abis: []string{"common", "x32"}, base: 1 << 30, companionOf: "amd64"},
}

// writeSource writes the kernel, but for some files.
func writeSource(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range sourceDirs {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestReadSource(t *testing.T) {
	source := writeSource(t, kernelSource)
	if release, err := sourceRelease(source); release != "6.12.117" || err != nil {
		t.Errorf("the release is %q, %v", release, err)
	}
	tables, err := readKernelTables(source, sourceArches)
	if err != nil {
		t.Fatal(err)
	}
	for arch, want := range map[string][]tableLine{
		"amd64": {{0, "read", "read"}, {4, "stat", "newstat"}, {9, "mmap", "mmap"}, {56, "clone", "clone"}, {177, "get_kernel_syms", "-"}, {205, "set_thread_area", "-"}, {236, "vserver", "-"}},
		"arm":   {{3, "read", "read"}, {192, "mmap2", "mmap2"}, {0xf0001, "breakpoint", "arm_breakpoint"}, {0xf0005, "set_tls", "arm_set_tls"}},
		"x32":   {{1 << 30, "read", "read"}, {1<<30 | 4, "stat", "newstat"}, {1<<30 | 56, "clone", "clone"}, {1<<30 | 514, "ioctl", "compat_ioctl"}},
	} {
		if !slices.Equal(tables[arch], want) {
			t.Errorf("%s: got %v\nwant %v", arch, tables[arch], want)
		}
	}
	e := extractEntries("6.12.117", tables)
	for _, test := range []struct{ name, arch, want string }{
		{"stat", "amd64", "newstat"}, {"stat", "x32", "newstat"}, {"ioctl", "x32", "compat_ioctl"}, {"ioctl", "amd64", "ioctl"}, {"vserver", "amd64", "-"}, {"read", "arm", "read"},
	} {
		if got := e.of(test.name, test.arch); got != test.want {
			t.Errorf("the entry point of %s on %s is %s, want %s", test.name, test.arch, got, test.want)
		}
	}

	all, err := readDeclarations(source, sourceArches)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"x86/mmap":         "[mmap(unsigned long addr, unsigned long len, unsigned long prot, unsigned long flags, unsigned long fd, unsigned long off)]",
		"arm/fadvise":      "[fadvise(int fd, int advice, loff_t offset, loff_t len)]",
		"arm/rt_sigreturn": "[rt_sigreturn()]",
		"read":             "[read(unsigned int fd, char *buf, size_t count)]",
		"compat_ioctl":     "[compat_ioctl(unsigned int fd, unsigned int cmd, compat_ulong_t arg32)]",
		"getpid":           "[getpid()]",
		"clone":            "[clone(unsigned long clone_flags, unsigned long tls) clone(unsigned long clone_flags, int *child_tidptr)]",
	}
	if got := slices.Sorted(maps.Keys(all)); !slices.Equal(got, slices.Sorted(maps.Keys(want))) {
		t.Errorf("the source declares %v", got)
	}
	for key, text := range want {
		if got := fmt.Sprint(all[key]); got != text {
			t.Errorf("%s: got %s\nwant %s", key, got, text)
		}
	}
	// read is what the running kernel says itself, getpid nobody refers to.
	kept := needed(all, tables, sourceArches, map[string]prototype{"read": {}, "clone": {}})
	if got := slices.Sorted(maps.Keys(kept)); !slices.Equal(got, []string{"clone", "compat_ioctl", "x86/mmap"}) {
		t.Errorf("kept are %v", got)
	}
}

func TestMistakesInSource(t *testing.T) {
	for _, test := range []struct{ file, content, want string }{
		{"Makefile", "all:\n", "is not the source of a kernel"},
		{"arch/arm/tools/syscall.tbl", "3 common\n", "syscall.tbl:1: \"3 common\" is not NUMBER ABI NAME"},
		{"arch/arm/tools/syscall.tbl", "three common read sys_read\n", "syscall.tbl:1: \"three\" is not a number"},
		{"arch/arm/tools/syscall.tbl", "3 oabi read sys_read\n", "arch/arm/tools/syscall.tbl has no line for arm (common)"},
		{"fs/read_write.c", "SYSCALL_DEFINE1(read, unsigned int)\n", "fs/read_write.c: SYSCALL_DEFINE of read: an argument has no type or no name"},
	} {
		files := maps.Clone(kernelSource)
		files[test.file] = test.content
		source := writeSource(t, files)
		_, err := sourceRelease(source)
		if err == nil {
			_, err = readKernelTables(source, sourceArches)
		}
		if err == nil {
			_, err = readDeclarations(source, sourceArches)
		}
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s with %q: got %v, want %q", test.file, test.content, err, test.want)
		}
	}
}

func TestInRegisters(t *testing.T) {
	little, big := uint32(auditLittleEndian), uint32(0)
	for _, test := range []struct {
		arch       arch
		call, want string
	}{
		{arch{bits: 64, audit: little}, "f(int fd, loff_t pos)", "f(int fd, loff_t pos)"},
		{arch{bits: 32, audit: little, pairs: "packed"}, "f(int fd, loff_t pos)", "f(int fd, u32 pos_lo, u32 pos_hi)"},
		{arch{bits: 32, audit: little, pairs: "even"}, "f(int fd, loff_t pos)", "f(int fd, u32 pad, u32 pos_lo, u32 pos_hi)"},
		{arch{bits: 32, audit: big, pairs: "even"}, "f(int fd, int mode, u64 off, u64 len)", "f(int fd, int mode, u32 off_hi, u32 off_lo, u32 len_hi, u32 len_lo)"},
		{arch{bits: 32, audit: big, pairs: "even"}, "f(u64 cookie, char *buf, size_t len)", "f(u32 cookie_hi, u32 cookie_lo, char *buf, size_t len)"},
		{arch{bits: 32, audit: little, pairs: "even"}, "f(int fd, loff_t off, loff_t len, int advice)", "f(int fd, u32 pad, u32 off_lo, u32 off_hi, u32 len_lo, u32 len_hi)"},
		{arch{bits: 32, audit: little, pairs: "even"}, "f(unsigned long addr, loff_t *pos)", "f(unsigned long addr, loff_t *pos)"},
	} {
		p, err := parsePrototype(test.call)
		if err != nil {
			t.Fatal(err)
		}
		p.params = test.arch.inRegisters(p.params)
		if got := p.String(); got != test.want {
			t.Errorf("%s with %s pairs: got %s, want %s", test.call, test.arch.pairs, got, test.want)
		}
	}
}
