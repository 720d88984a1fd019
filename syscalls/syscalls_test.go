package syscalls_test

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gocurb/curb/syscalls"
)

var tables = syscalls.Tables()

func call(t *testing.T, table *syscalls.Table, name string) *syscalls.Call {
	t.Helper()
	c, ok := table.ByName(name)
	if !ok {
		t.Fatalf("%s has no %s", table.Arch, name)
	}
	return c
}

func TestWellKnown(t *testing.T) {
	for _, test := range []struct {
		table  *syscalls.Table
		name   string
		nr     uint32
		enosys bool
		decl   string
		widths string
	}{
		{syscalls.AMD64, "read", 0, false, "read(unsigned int fd, char *buf, size_t count)", "[32 64 64]"},
		{syscalls.ARM64, "read", 63, false, "read(unsigned int fd, char *buf, size_t count)", "[32 64 64]"},
		{syscalls.AMD64, "openat", 257, false, "openat(int dfd, const char *filename, int flags, umode_t mode)", "[32 64 32 32]"},
		{syscalls.ARM64, "openat", 56, false, "openat(int dfd, const char *filename, int flags, umode_t mode)", "[32 64 32 32]"},
		{syscalls.AMD64, "mmap", 9, false, "mmap(unsigned long addr, unsigned long len, unsigned long prot, unsigned long flags, unsigned long fd, unsigned long off)", "[64 64 32 32 32 64]"},
		{syscalls.ARM64, "mmap", 222, false, "mmap(unsigned long addr, unsigned long len, unsigned long prot, unsigned long flags, unsigned long fd, unsigned long off)", "[64 64 32 32 32 64]"},
		{syscalls.AMD64, "clone", 56, false, "clone(unsigned long clone_flags, unsigned long newsp, int *parent_tidptr, int *child_tidptr, unsigned long tls)", "[32 64 64 64 64]"},
		{syscalls.ARM64, "clone", 220, false, "clone(unsigned long clone_flags, unsigned long newsp, int *parent_tidptr, unsigned long tls, int *child_tidptr)", "[32 64 64 64 64]"},
		{syscalls.AMD64, "clone3", 435, true, "clone3(struct clone_args *uargs, size_t size)", "[64 64]"},
		{syscalls.AMD64, "prctl", 157, false, "prctl(int option, unsigned long arg2, unsigned long arg3, unsigned long arg4, unsigned long arg5)", "[32 64 64 64 64]"},
		{syscalls.AMD64, "fstat", 5, false, "fstat(unsigned int fd, struct stat *statbuf)", "[32 64]"},
		{syscalls.AMD64, "umount2", 166, false, "umount2(char *name, int flags)", "[64 32]"},
		{syscalls.AMD64, "fadvise64", 221, false, "fadvise64(int fd, loff_t offset, size_t len, int advice)", "[32 64 64 32]"},
		{syscalls.ARM64, "fadvise64", 223, false, "fadvise64(int fd, loff_t offset, loff_t len, int advice)", "[32 64 64 32]"},
		{syscalls.AMD64, "landlock_add_rule", 445, true, "landlock_add_rule(int ruleset_fd, enum landlock_rule_type rule_type, const void *rule_attr, __u32 flags)", "[32 32 64 32]"},
		{syscalls.AMD64, "timer_settime", 223, false, "timer_settime(timer_t timer_id, int flags, const struct __kernel_itimerspec *new_setting, struct __kernel_itimerspec *old_setting)", "[32 32 64 64]"},
		{syscalls.AMD64, "execve", 59, false, "execve(const char *filename, const char *const *argv, const char *const *envp)", "[64 64 64]"},
		{syscalls.AMD64, "fchmodat2", 452, true, "fchmodat2(int dfd, const char *filename, umode_t mode, unsigned int flags)", "[32 64 32 32]"},
		{syscalls.ARM64, "map_shadow_stack", 453, true, "map_shadow_stack(unsigned long addr, unsigned long size, unsigned int flags)", "[64 64 32]"},
		{syscalls.ARM64, "rseq_slice_yield", 471, true, "rseq_slice_yield()", "[]"},
		{syscalls.AMD64, "gettid", 186, false, "gettid()", "[]"},
		{syscalls.AMD64, "vserver", 236, true, "vserver()", "[]"},
		// 64-bit arguments lie in two registers, on arm and mips from an even one
		// on, on mips in the order of the bytes.
		{syscalls.I386, "pread64", 180, false, "pread64(unsigned int fd, char *ubuf, u32 count, u32 poslo, u32 poshi)", "[32 32 32 32 32]"},
		{syscalls.ARM, "pread64", 180, false, "pread64(unsigned int fd, char *buf, size_t count, u32 pad, u32 pos_lo, u32 pos_hi)", "[32 32 32 32 32 32]"},
		{syscalls.MIPS, "pread64", 4200, false, "pread64(unsigned int fd, char *buf, size_t count, u32 pad, u32 pos_hi, u32 pos_lo)", "[32 32 32 32 32 32]"},
		{syscalls.MIPSLE, "ftruncate64", 4212, false, "ftruncate64(unsigned int fd, u32 pad, u32 length_lo, u32 length_hi)", "[32 32 32 32]"},
		{syscalls.ARM, "fallocate", 352, false, "fallocate(int fd, int mode, u32 offset_lo, u32 offset_hi, u32 len_lo, u32 len_hi)", "[32 32 32 32 32 32]"},
		{syscalls.ARM, "arm_fadvise64_64", 270, false, "arm_fadvise64_64(int fd, int advice, u32 offset_lo, u32 offset_hi, u32 len_lo, u32 len_hi)", "[32 32 32 32 32 32]"},
		{syscalls.I386, "fadvise64_64", 272, false, "fadvise64_64(int fd, __u32 offset_low, __u32 offset_high, __u32 len_low, __u32 len_high, int advice)", "[32 32 32 32 32 32]"},
		// A filter does not see the seventh, advice.
		{syscalls.MIPS, "fadvise64", 4254, false, "fadvise64(int fd, u32 pad, u32 offset_hi, u32 offset_lo, u32 len_hi, u32 len_lo)", "[32 32 32 32 32 32]"},
		{syscalls.S390X, "fadvise64", 253, false, "fadvise64(int fd, loff_t offset, loff_t len, int advice)", "[32 64 64 32]"},
		// The order of clone's arguments, and mmap's.
		{syscalls.I386, "clone", 120, false, "clone(unsigned long clone_flags, unsigned long newsp, int *parent_tidptr, unsigned long tls, int *child_tidptr)", "[32 32 32 32 32]"},
		{syscalls.S390X, "clone", 120, false, "clone(unsigned long newsp, unsigned long clone_flags, int *parent_tidptr, int *child_tidptr, unsigned long tls)", "[64 32 64 64 64]"},
		{syscalls.LOONG64, "clone", 220, false, "clone(unsigned long clone_flags, unsigned long newsp, int *parent_tidptr, int *child_tidptr, unsigned long tls)", "[32 64 64 64 64]"},
		{syscalls.RISCV64, "clone", 220, false, "clone(unsigned long clone_flags, unsigned long newsp, int *parent_tidptr, unsigned long tls, int *child_tidptr)", "[32 64 64 64 64]"},
		{syscalls.I386, "mmap", 90, false, "mmap(struct mmap_arg_struct *arg)", "[32]"},
		{syscalls.S390X, "mmap", 90, false, "mmap(struct mmap_arg_struct *arg)", "[64]"},
		{syscalls.I386, "mmap2", 192, false, "mmap2(unsigned long addr, unsigned long len, unsigned long prot, unsigned long flags, unsigned long fd, unsigned long pgoff)", "[32 32 32 32 32 32]"},
		{syscalls.PPC64, "mmap", 90, false, "mmap(unsigned long addr, size_t len, unsigned long prot, unsigned long flags, unsigned long fd, off_t offset)", "[64 64 64 32 32 64]"},
		// Calls that carry others.
		{syscalls.I386, "socketcall", 102, false, "socketcall(int call, unsigned long *args)", "[32 32]"},
		{syscalls.S390X, "ipc", 117, false, "ipc(uint call, int first, unsigned long second, unsigned long third, void *ptr)", "[32 32 64 64 64]"},
		{syscalls.MIPS, "syscall", 4000, true, "syscall()", "[]"},
		// Private calls.
		{syscalls.ARM, "cacheflush", 0xf0002, false, "cacheflush(unsigned long start, unsigned long end, unsigned long flags)", "[32 32 32]"},
		{syscalls.ARM, "set_tls", 0xf0005, false, "set_tls(unsigned long val)", "[32]"},
		{syscalls.MIPS, "cacheflush", 4147, false, "cacheflush(unsigned long addr, unsigned long bytes, unsigned int cache)", "[32 32 32]"},
		{syscalls.PPC64LE, "switch_endian", 363, false, "switch_endian()", "[]"},
		{syscalls.RISCV64, "riscv_hwprobe", 258, true, "riscv_hwprobe(struct riscv_hwprobe *pairs, size_t pair_count, size_t cpusetsize, unsigned long *cpus, unsigned int flags)", "[64 64 64 64 32]"},
		// Companions: the registers have 64 bits, compat arguments 32 of them.
		{syscalls.X32, "read", 1 << 30, false, "read(unsigned int fd, char *buf, size_t count)", "[32 64 64]"},
		{syscalls.X32, "ioctl", 1<<30 | 514, false, "ioctl(unsigned int fd, unsigned int cmd, compat_ulong_t arg)", "[32 32 32]"},
		{syscalls.X32, "preadv", 1<<30 | 534, false, "preadv(unsigned long fd, const struct iovec *vec, unsigned long vlen, loff_t pos)", "[32 64 32 64]"},
		{syscalls.X32, "rseq_slice_yield", 1<<30 | 471, true, "rseq_slice_yield()", "[]"},
		{syscalls.N32, "pread64", 6016, false, "pread64(unsigned int fd, char *buf, size_t count, loff_t pos)", "[32 64 64 64]"},
		{syscalls.N32LE, "preadv", 6293, false, "preadv(compat_ulong_t fd, const struct iovec *vec, compat_ulong_t vlen, u32 pos_low, u32 pos_high)", "[32 64 32 32 32]"},
		{syscalls.N32, "rseq_slice_yield", 6471, true, "rseq_slice_yield()", "[]"},
		// 64-bit times.
		{syscalls.I386, "clock_gettime64", 403, true, "clock_gettime64(clockid_t which_clock, struct __kernel_timespec *tp)", "[32 32]"},
		{syscalls.I386, "clock_gettime", 265, false, "clock_gettime(clockid_t which_clock, struct old_timespec32 *tp)", "[32 32]"},
		{syscalls.N32, "futex", 6194, false, "futex(u32 *uaddr, int op, u32 val, const struct old_timespec32 *utime, u32 *uaddr2, u32 val3)", "[64 32 32 64 64 32]"},
	} {
		c := call(t, test.table, test.name)
		widths := []int{}
		for i := range c.NArgs() {
			widths = append(widths, c.Width(i))
		}
		if c.Nr != test.nr || c.ENOSYS != test.enosys || c.String() != test.decl || fmt.Sprint(widths) != test.widths {
			t.Errorf("%s: got  %d %t %s %v\nwant %d %t %s %s", test.table.Arch,
				c.Nr, c.ENOSYS, c, widths, test.nr, test.enosys, test.decl, test.widths)
		}
	}
}

func TestTables(t *testing.T) {
	for _, table := range tables {
		if want := slices.Contains([]string{"mips", "mips64", "n32", "ppc64", "s390x"}, table.Arch); table.BigEndian != want {
			t.Errorf("%s is big-endian: %t", table.Arch, !want)
		}
		narrow := slices.Contains([]string{"386", "arm", "mips", "mipsle"}, table.Arch)
		n := 0
		var last *syscalls.Call
		for c := range table.All() {
			if last != nil && c.Nr <= last.Nr {
				t.Errorf("%s: %d %s comes after %d %s", table.Arch, c.Nr, c.Name, last.Nr, last.Name)
			}
			if got, ok := table.ByNumber(c.Nr); !ok || got != c {
				t.Errorf("%s: ByNumber(%d) gives %v, want %s", table.Arch, c.Nr, got, c.Name)
			}
			if got, ok := table.ByName(c.Name); !ok || got != c {
				t.Errorf("%s: ByName(%q) gives %v", table.Arch, c.Name, got)
			}
			if listed := slices.Contains(syscalls.Architectures(c.Name), table.Arch); listed != (companionOf[table.Arch] == "") {
				t.Errorf("Architectures(%q) has %s: %t", c.Name, table.Arch, listed)
			}
			checkArgs(t, c, narrow)
			last = c
			n++
		}
		if n != table.Len() {
			t.Errorf("%s: All yields %d calls, Len says %d", table.Arch, n, table.Len())
		}
		for _, nr := range []uint32{last.Nr + 1, 1<<30 | 0xfff, 1 << 31, ^uint32(0)} {
			if c, ok := table.ByNumber(nr); ok || c != nil {
				t.Errorf("%s: ByNumber(%#x) gives %v", table.Arch, nr, c)
			}
		}
		for _, name := range []string{"", "reed", "Read", "read ", "zzz", "SYS_read"} {
			if c, ok := table.ByName(name); ok || c != nil {
				t.Errorf("%s: ByName(%q) gives %v", table.Arch, name, c)
			}
		}
	}
	for range syscalls.AMD64.All() {
		break // must not panic
	}
}

var identifier = regexp.MustCompile(`^\w+$`)

// companionOf is the architectures whose kernels serve the companions.
var companionOf = map[string]string{"x32": "amd64", "n32": "mips64", "n32le": "mips64le"}

func checkArgs(t *testing.T, c *syscalls.Call, narrow bool) {
	t.Helper()
	args := c.Args()
	if len(args) != c.NArgs() || len(args) > 6 {
		t.Errorf("%v: %d arguments, NArgs says %d", c, len(args), c.NArgs())
	}
	seen := map[string]bool{}
	for i, a := range args {
		if !identifier.MatchString(a.Name) || a.Type == "" || seen[a.Name] {
			t.Errorf("%v: argument %d is %+v", c, i, a)
		}
		seen[a.Name] = true
		if int(a.Width) != c.Width(i) || a.Width != 32 && a.Width != 64 {
			t.Errorf("%v: argument %d has width %d, Width says %d", c, i, a.Width, c.Width(i))
		}
		if narrow && a.Width != 32 || !narrow && strings.HasSuffix(a.Type, "*") && a.Width != 64 {
			t.Errorf("%v: %s has width %d", c, a.Name, a.Width)
		}
	}
	for _, i := range []int{-1, len(args), 6, 8, 64, math.MaxInt} {
		if w := c.Width(i); w != 0 {
			t.Errorf("%v: Width(%d) is %d, but there is no such argument", c, i, w)
		}
	}
}

// The numbers are those that golang.org/x/sys has, no more and no fewer.
func TestNumbersOfXSys(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "golang.org/x/sys").Output()
	if err != nil {
		t.Fatalf("looking for golang.org/x/sys: %v", err)
	}
	constant := regexp.MustCompile(`(?m)^\tSYS_(\w+) *= (\d+)$`)
	notCalls := regexp.MustCompile(`^(arch_specific_syscall|syscall_mask|unused\d+|reserved\d+)$`)
	for _, table := range tables {
		if companionOf[table.Arch] != "" {
			continue
		}
		source, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "unix", "zsysnum_linux_"+table.Arch+".go"))
		if err != nil {
			t.Fatal(err)
		}
		known := map[string]bool{}
		for _, m := range constant.FindAllSubmatch(source, -1) {
			name := strings.ToLower(string(m[1]))
			nr, err := strconv.Atoi(string(m[2]))
			if err != nil {
				t.Fatal(err)
			}
			if notCalls.MatchString(name) {
				continue // constants in the headers that are no call
			}
			known[name] = true
			if c, ok := table.ByName(name); !ok || c.Nr != uint32(nr) {
				t.Errorf("%s: %s is %v, golang.org/x/sys says %d", table.Arch, name, c, nr)
			}
		}
		if len(known) < 300 {
			t.Fatalf("only %d numbers found for %s", len(known), table.Arch)
		}
		for c := range table.All() {
			if private := table.Arch == "arm" && c.Nr > 0xf0000; !known[c.Name] && !private {
				t.Errorf("%s: golang.org/x/sys does not have %s", table.Arch, c.Name)
			}
		}
	}
}

func TestFor(t *testing.T) {
	for _, table := range tables {
		if got, err := syscalls.For(table.Arch); got != table || err != nil {
			t.Errorf("For(%q) gives %p, %v", table.Arch, got, err)
		}
	}
	got, err := syscalls.For("sparc64")
	if got != nil || err == nil {
		t.Fatalf("For(sparc64) gives %v, %v", got, err)
	}
	for _, part := range []string{`"sparc64"`, "386", "arm64", "x32"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error %q does not name %s", err, part)
		}
	}
}

// Every Linux architecture of Go has its table, of its own byte order, where
// the toolchain has the architecture.
func TestEveryGoArchitecture(t *testing.T) {
	out, err := exec.Command("go", "tool", "dist", "list").Output()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for target := range strings.FieldsSeq(string(out)) {
		arch, linux := strings.CutPrefix(target, "linux/")
		if !linux {
			continue
		}
		n++
		if table, err := syscalls.For(arch); err != nil || syscalls.ArchName(table.AuditArch) != arch {
			t.Errorf("For(%q) gives %v, %v", arch, table, err)
		}
	}
	if n < 13 {
		t.Errorf("the toolchain builds for %d Linux architectures only", n)
	}
}

func TestNative(t *testing.T) {
	if native := syscalls.Native(); native == nil || native.Arch != runtime.GOARCH {
		t.Errorf("Native gives %v on %s", native, runtime.GOARCH)
	}
}

func TestArchName(t *testing.T) {
	for _, table := range tables {
		want := table.Arch
		if want == "x32" {
			want = "amd64" // told apart by the number only
		}
		if got := syscalls.ArchName(table.AuditArch); got != want {
			t.Errorf("ArchName(%#x) = %q, want %q", table.AuditArch, got, want)
		}
	}
	for _, audit := range []uint32{0, 0x2b, 0x80000002, ^uint32(0)} {
		if got := syscalls.ArchName(audit); got != "" {
			t.Errorf("ArchName(%#x) = %q", audit, got)
		}
	}
}

func TestNearest(t *testing.T) {
	for _, test := range []struct{ name, want string }{
		{"reed", "read"},
		{"read", "read"},
		{"Read", "read"},
		{"SYS_READ", "read"},
		{"__NR_read", "read"},
		{"opne", "open"},
		{"fstatat", "newfstatat"},
		{"dpu", "dup"},
		{"pselect", "pselect6"},
		{"sigaction", "rt_sigaction"},
		{"umount", "umount2"},
		{"wait", "wait4"},
		{"memfd", ""},
		{"newfstat", "newfstatat"},
		{"epol_wait", "epoll_wait"},
		{"clock_getime", "clock_gettime"},
		{"rt_sigacton", "rt_sigaction"},
		{"getrandm", "getrandom"},
		{"exit_grp", "exit_group"},
		{"sendfile64", "sendfile"},
		{"", ""},
		{"x", ""},
		{"frobnicate", ""},
		{strings.Repeat("a", 1000), ""},
	} {
		if got := syscalls.AMD64.Nearest(test.name); got != test.want {
			t.Errorf("Nearest(%q) = %q, want %q", test.name, got, test.want)
		}
	}
	for name, want := range map[string]string{"open": "openat", "poll": "ppoll", "select": "pselect6", "rename": "renameat"} {
		if got := syscalls.ARM64.Nearest(name); got != want {
			t.Errorf("on arm64, Nearest(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestArchitectures(t *testing.T) {
	all := "386 amd64 arm arm64 loong64 mips mips64 mips64le mipsle ppc64 ppc64le riscv64 s390x"
	for _, test := range []struct{ name, want string }{
		{"open", "386 amd64 arm mips mips64 mips64le mipsle ppc64 ppc64le s390x"},
		{"openat", all},
		{"_llseek", "386 arm mips mipsle ppc64 ppc64le"},
		{"statx", all},
		{"modify_ldt", "386 amd64 mips mipsle ppc64 ppc64le"},
		{"riscv_hwprobe", "riscv64"},
		{"s390_sthyi", "s390x"},
		{"futex_time64", "386 arm mips mipsle"},
		{"writev", all}, // the last but one
		{"reed", ""},
		{"", ""},
		{"arch_specific_syscall", ""},
		{"open openat", ""},
	} {
		if got := strings.Join(syscalls.Architectures(test.name), " "); got != test.want {
			t.Errorf("Architectures(%q) = %s\nwant %s", test.name, got, test.want)
		}
	}
}

func TestENOSYS(t *testing.T) {
	for _, table := range tables {
		for c := range table.All() {
			reason := syscalls.ENOSYSReason(c)
			if c.ENOSYS != (reason != "") {
				t.Errorf("%s: %s has ENOSYS %t and the reason %q", table.Arch, c.Name, c.ENOSYS, reason)
			}
			// From Linux 5.1 on no caller can rely on a call's being there.
			if nr := c.Nr &^ (1 << 30) % 1000; nr >= 424 && nr < 512 && c.Nr < 1<<16+1<<30 && !c.ENOSYS {
				t.Errorf("%s: %s is newer than Linux 5.0 and not in enosys.txt", table.Arch, c.Name)
			}
		}
		// What old programs call without ever falling back, and what is denied
		// by the kernel itself with EPERM.
		for _, name := range []string{"read", "write", "execve", "mprotect", "kill", "ptrace", "bpf", "perf_event_open", "setns", "unshare", "prctl"} {
			if call(t, table, name).ENOSYS {
				t.Errorf("%s: %s must get EPERM", table.Arch, name)
			}
		}
		for _, name := range []string{"clone3", "faccessat2", "statx", "rseq", "openat2", "getrandom", "copy_file_range", "preadv2", "renameat2"} {
			if !call(t, table, name).ENOSYS {
				t.Errorf("%s: %s must get ENOSYS", table.Arch, name)
			}
		}
	}
}

func TestNumberOfENOSYS(t *testing.T) {
	for _, table := range tables {
		want := uint16(38)
		if strings.HasPrefix(table.Arch, "mips") || strings.HasPrefix(table.Arch, "n32") {
			want = 89
		}
		if got := table.ENOSYS(); got != want {
			t.Errorf("%s: ENOSYS is %d, want %d", table.Arch, got, want)
		}
	}
}

func TestSources(t *testing.T) {
	for name, value := range map[string]string{
		"KernelSource": syscalls.KernelSource, "KernelHeaders": syscalls.KernelHeaders, "KernelNumbers": syscalls.KernelNumbers, "KernelPrototypes": syscalls.KernelPrototypes,
	} {
		if !regexp.MustCompile(`^\d+\.\d+(\.\d+)?( \w+)?$`).MatchString(value) {
			t.Errorf("%s = %q is not a kernel release", name, value)
		}
	}
	if !strings.HasPrefix(syscalls.ModuleNumbers, "v0.") {
		t.Errorf("ModuleNumbers = %q", syscalls.ModuleNumbers)
	}
}
