package syscalls_test

import (
	"fmt"
	"math/bits"
	"strings"
	"testing"

	"github.com/gocurb/curb/syscalls"
)

// flagsOf gives the set for an argument by its name.
func flagsOf(t *testing.T, table *syscalls.Table, name, arg string) *syscalls.FlagSet {
	t.Helper()
	c := call(t, table, name)
	for i, a := range c.Args() {
		if a.Name == arg {
			return syscalls.FlagsOf(table, c, i)
		}
	}
	t.Fatalf("%s: %v has no argument %s", table.Arch, c, arg)
	return nil
}

func TestFormat(t *testing.T) {
	for _, test := range []struct {
		table     *syscalls.Table
		call, arg string
		value     uint64
		want      string
	}{
		{syscalls.AMD64, "openat", "flags", 0, "O_RDONLY"},
		{syscalls.AMD64, "openat", "flags", 0x80000, "O_RDONLY|O_CLOEXEC"},
		{syscalls.AMD64, "openat", "flags", 0x80241, "O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC"},
		{syscalls.AMD64, "openat", "flags", 0x101002, "O_RDWR|O_SYNC"},
		{syscalls.AMD64, "openat", "flags", 0x1000, "O_RDONLY|O_DSYNC"},
		{syscalls.AMD64, "openat", "flags", 0x410002, "O_RDWR|O_TMPFILE"},
		{syscalls.AMD64, "openat", "flags", 0x10000, "O_RDONLY|O_DIRECTORY"},
		{syscalls.AMD64, "openat", "flags", 0x88000, "O_RDONLY|O_LARGEFILE|O_CLOEXEC"},
		{syscalls.AMD64, "openat", "flags", 3, "0x3"},
		{syscalls.AMD64, "openat", "flags", 0x40000001, "O_WRONLY|0x40000000"},
		{syscalls.AMD64, "openat", "flags", 0xdead00000001, "O_WRONLY"}, // the upper half does not count
		{syscalls.ARM64, "openat", "flags", 0x10000, "O_RDONLY|O_DIRECT"},
		{syscalls.ARM, "openat", "flags", 0x20000, "O_RDONLY|O_LARGEFILE"},
		{syscalls.MIPS, "openat", "flags", 0x2008, "O_RDONLY|O_APPEND|O_LARGEFILE"},
		{syscalls.AMD64, "mmap", "prot", 0, "PROT_NONE"},
		{syscalls.AMD64, "mmap", "prot", 7, "PROT_READ|PROT_WRITE|PROT_EXEC"},
		{syscalls.AMD64, "mmap", "flags", 0x22, "MAP_PRIVATE|MAP_ANONYMOUS"},
		{syscalls.AMD64, "mmap", "flags", 0x54040022, "MAP_PRIVATE|MAP_HUGE_2MB|MAP_ANONYMOUS|MAP_HUGETLB"},
		{syscalls.MIPS64, "mmap", "flags", 0x802, "MAP_PRIVATE|MAP_ANONYMOUS"},
		{syscalls.I386, "mmap2", "flags", 0x21, "MAP_SHARED|MAP_ANONYMOUS"},
		{syscalls.AMD64, "mprotect", "prot", 0xf0000000, "0xf0000000"},
		{syscalls.AMD64, "clone", "clone_flags", 0x4111, "SIGCHLD|CLONE_VM|CLONE_VFORK"},
		{syscalls.AMD64, "clone", "clone_flags", 0x50f00, "CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD|CLONE_SYSVSEM"},
		{syscalls.S390X, "clone", "clone_flags", 0x11, "SIGCHLD"},
		{syscalls.AMD64, "socket", "family", 2, "AF_INET"},
		{syscalls.AMD64, "socket", "family", 1, "AF_UNIX"},
		{syscalls.AMD64, "socket", "family", 16, "AF_NETLINK"},
		{syscalls.AMD64, "socket", "family", 99, "0x63"},
		{syscalls.AMD64, "socket", "type", 0x80801, "SOCK_STREAM|SOCK_NONBLOCK|SOCK_CLOEXEC"},
		{syscalls.MIPSLE, "socket", "type", 0x80082, "SOCK_STREAM|SOCK_NONBLOCK|SOCK_CLOEXEC"},
		{syscalls.AMD64, "futex", "op", 0, "FUTEX_WAIT"},
		{syscalls.AMD64, "futex", "op", 0x81, "FUTEX_WAKE|FUTEX_PRIVATE_FLAG"},
		{syscalls.AMD64, "fcntl", "cmd", 0, "F_DUPFD"},
		{syscalls.AMD64, "fcntl", "cmd", 12, "0xc"}, // F_GETLK64 is of 32-bit architectures
		{syscalls.I386, "fcntl64", "cmd", 12, "F_GETLK64"},
		{syscalls.MIPS, "fcntl64", "cmd", 14, "F_GETLK"},
		{syscalls.AMD64, "ioctl", "cmd", 0x5401, "TCGETS"},
		{syscalls.PPC64LE, "ioctl", "cmd", 0x402c7413, "TCGETS"},
		{syscalls.AMD64, "ioctl", "cmd", 0x80086601, "FS_IOC_GETFLAGS"},
		{syscalls.X32, "ioctl", "cmd", 0x80086601, "0x80086601"}, // a long has 32 bits there
		{syscalls.AMD64, "prctl", "option", 38, "PR_SET_NO_NEW_PRIVS"},
		{syscalls.AMD64, "madvise", "behavior", 4, "MADV_DONTNEED"},
		{syscalls.AMD64, "epoll_ctl", "op", 1, "EPOLL_CTL_ADD"},
		{syscalls.AMD64, "tgkill", "sig", 23, "SIGURG"},
		{syscalls.MIPS, "tgkill", "sig", 21, "SIGURG"},
		{syscalls.AMD64, "tgkill", "sig", 0, "0x0"},
		{syscalls.MIPS, "rt_sigprocmask", "how", 1, "SIG_BLOCK"},
		{syscalls.AMD64, "getrusage", "who", 0xffffffff, "RUSAGE_CHILDREN"},
		{syscalls.AMD64, "newfstatat", "flag", 0x1000, "AT_EMPTY_PATH"},
		{syscalls.AMD64, "unlinkat", "flag", 0, "0x0"},
		{syscalls.I386, "socketcall", "call", 1, "SYS_SOCKET"},
		{syscalls.S390X, "ipc", "call", 0x10015, "SHMAT|0x10000"},
	} {
		s := flagsOf(t, test.table, test.call, test.arg)
		if got := s.Format(test.value); got != test.want {
			t.Errorf("%s: %s's %s = %#x is %s, want %s", test.table.Arch, test.call, test.arg, test.value, got, test.want)
		}
	}
}

// What Format writes, Parse reads back, whatever bits there are.
func TestFormatAndParse(t *testing.T) {
	n := 0
	for _, table := range tables {
		for c := range table.All() {
			for i := range c.NArgs() {
				s := syscalls.FlagsOf(table, c, i)
				if s == nil {
					continue
				}
				n++
				mask := ^uint64(0) >> (64 - c.Width(i))
				values := []uint64{0, 1, 2, 3, mask, mask >> 1, 0x123456789abcdef0 & mask, 0x5555555555555555 & mask}
				for _, f := range s.Flags() {
					values = append(values, f.Value, f.Value|1, f.Value|1<<30)
					if got, err := s.Parse(f.Name); err != nil || got != f.Value {
						t.Fatalf("%s: %s of %s is %#x, Parse gives %#x, %v", table.Arch, f.Name, s.Name, f.Value, got, err)
					}
				}
				for _, v := range values {
					text := s.Format(v)
					if got, err := s.Parse(text); err != nil || got != v {
						t.Errorf("%s, %s of %s: %#x is written %s and read %#x, %v", table.Arch, s.Name, c.Name, v, text, got, err)
					}
				}
			}
		}
	}
	if n < 1000 {
		t.Errorf("only %d arguments have names for their values", n)
	}
}

func TestParse(t *testing.T) {
	open := flagsOf(t, syscalls.AMD64, "openat", "flags")
	for _, test := range []struct {
		text string
		want uint64
		err  string
	}{
		{"O_RDONLY", 0, ""},
		{" O_WRONLY | O_CREAT|0x8000 ", 0x8041, ""},
		{"O_NDELAY", 0x800, ""},
		{"O_WRONLY|O_WRONLY", 1, ""},
		{"0644", 0o644, ""},
		{"", 0, "a name or a number is missing"},
		{"O_RDWR|", 0, "a name or a number is missing"},
		{"O_WRONLY|O_RDWR", 0, "O_WRONLY and O_RDWR exclude each other"},
		{"O_CLOSEXEC", 0, "did you mean O_CLOEXEC?"},
		{"o_cloexec", 0, "did you mean O_CLOEXEC?"},
		{"SOCK_STREAM", 0, `no value is called "SOCK_STREAM", and it is not a number`},
		{"0x100000000", 0, "has more bits than the argument, of which 32 count"},
	} {
		got, err := open.Parse(test.text)
		if got != test.want || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("Parse(%q) gives %#x, %v; want %#x, %q", test.text, got, err, test.want, test.err)
		}
		if err != nil && !strings.Contains(err.Error(), fmt.Sprintf("%q as a value of open", test.text)) {
			t.Errorf("the error %q does not say what was read", err)
		}
	}
}

func TestNoFlags(t *testing.T) {
	for _, test := range []struct {
		name string
		i    int
	}{{"read", 0}, {"read", 1}, {"getpid", 0}, {"openat", -1}, {"openat", 4}, {"openat", 0}, {"setsockopt", 2}} {
		if s := syscalls.FlagsOf(syscalls.AMD64, call(t, syscalls.AMD64, test.name), test.i); s != nil {
			t.Errorf("argument %d of %s has the set %s", test.i, test.name, s.Name)
		}
	}
	if s := syscalls.FlagsOf(&syscalls.Table{Arch: "vax"}, call(t, syscalls.AMD64, "openat"), 2); s != nil {
		t.Errorf("an unknown architecture has the set %s", s.Name)
	}
}

// Within a set a flag of one bit has one name only unless both are in use, and
// no flag lies across the bits of a field.
func TestFlagSetsAreSound(t *testing.T) {
	for _, table := range tables {
		for c := range table.All() {
			for i := range c.NArgs() {
				s := syscalls.FlagsOf(table, c, i)
				if s == nil {
					continue
				}
				seen := map[string]bool{}
				for _, f := range s.Flags() {
					if seen[f.Name] || f.Name == "" || bits.Len64(f.Value) > c.Width(i) {
						t.Errorf("%s: %s has %+v, an argument of %d bits", table.Arch, s.Name, f, c.Width(i))
					}
					seen[f.Name] = true
				}
			}
		}
	}
}

func TestOptions(t *testing.T) {
	for _, test := range []struct {
		table *syscalls.Table
		level uint64
		value uint64
		want  string
	}{
		{syscalls.AMD64, 1, 2, "SO_REUSEADDR"},
		{syscalls.AMD64, 1, 15, "SO_REUSEPORT"},
		{syscalls.MIPS, 0xffff, 4, "SO_REUSEADDR"},
		{syscalls.PPC64LE, 1, 16, "SO_RCVLOWAT"},
		{syscalls.AMD64, 6, 1, "TCP_NODELAY"},
		{syscalls.AMD64, 0, 1, "IP_TOS"},
		{syscalls.AMD64, 41, 26, "IPV6_V6ONLY"},
	} {
		s := syscalls.OptionsOf(test.table, test.level)
		if s == nil {
			t.Errorf("%s: the level %d has no options", test.table.Arch, test.level)
		} else if got := s.Format(test.value); got != test.want {
			t.Errorf("%s: option %d of level %d is %s, want %s", test.table.Arch, test.value, test.level, got, test.want)
		}
	}
	if s := syscalls.OptionsOf(syscalls.AMD64, 12345); s != nil {
		t.Errorf("an unknown level has the options %s", s.Name)
	}
}

func BenchmarkFlagsOf(b *testing.B) {
	c, _ := syscalls.AMD64.ByName("openat")
	for b.Loop() {
		syscalls.FlagsOf(syscalls.AMD64, c, 2)
	}
}
