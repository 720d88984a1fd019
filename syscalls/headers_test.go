package syscalls_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gocurb/curb/syscalls"
)

// constantHeaders is the kernel's headers that have the names of values. They
// are read without those of a C library, which has other values for some.
var constantHeaders = strings.Fields("asm/fcntl.h asm/ioctls.h asm/mman.h asm/resource.h asm/signal.h asm/socket.h asm/termbits.h asm/termios.h " +
	"linux/close_range.h linux/eventfd.h linux/eventpoll.h linux/falloc.h linux/fcntl.h linux/fs.h linux/futex.h linux/if_tun.h linux/in.h linux/in6.h " +
	"linux/inotify.h linux/ipc.h linux/kcmp.h linux/keyctl.h linux/loop.h linux/membarrier.h linux/memfd.h linux/mman.h linux/module.h linux/mount.h " +
	"linux/net.h linux/nsfs.h linux/perf_event.h linux/personality.h linux/pidfd.h linux/prctl.h linux/ptrace.h linux/random.h linux/reboot.h linux/resource.h " +
	"linux/sched.h linux/seccomp.h linux/serial.h linux/signalfd.h linux/sockios.h linux/stat.h linux/tcp.h linux/time.h linux/timerfd.h linux/userfaultfd.h linux/wait.h")

// A headerDir is where the kernel's headers of an architecture are, and what the
// compiler of this machine has to pretend to read them.
type headerDir struct {
	arch, dir, flags string
}

const o32 = "-m32 -malign-double -D__mips__ -D_MIPS_SIM=_MIPS_SIM_ABI32 -D_ABIO32=1 -D_MIPS_SZLONG=32 -D_MIPS_SZPTR=32"

var headerDirs = []headerDir{
	{"amd64", "/usr/include/x86_64-linux-gnu", "-m64"},
	{"386", "/usr/include/x86_64-linux-gnu", "-m32"},
	{"arm", "/usr/arm-linux-gnueabihf/include", "-m32 -malign-double -D__arm__ -D__ARM_EABI__"},
	{"arm64", "/usr/aarch64-linux-gnu/include", "-m64 -D__aarch64__"},
	{"mips", "/usr/mips-linux-gnu/include", o32 + " -D__MIPSEB__"},
	{"mipsle", "/usr/mips-linux-gnu/include", o32 + " -D__MIPSEL__"},
	{"mips64", "/usr/mips64-linux-gnuabi64/include", "-m64 -D__mips__ -D_MIPS_SIM=_MIPS_SIM_ABI64 -D_MIPS_SZLONG=64 -D_MIPS_SZPTR=64 -D__MIPSEB__"},
	{"ppc64le", "/usr/powerpc64le-linux-gnu/include", "-m64 -D__powerpc__ -D__powerpc64__"},
	{"riscv64", "/usr/riscv64-linux-gnu/include", "-m64 -D__riscv -D__riscv_xlen=64"},
	{"s390x", "/usr/s390x-linux-gnu/include", "-m64 -D__s390__ -D__s390x__"},
}

// The values are those of the kernel's headers, as far as these have the name:
// they may be older, and some names are of C libraries only.
func TestHeadersHaveTheValues(t *testing.T) {
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("gcc, which reads the headers, is not here")
	}
	for _, h := range headerDirs {
		t.Run(h.arch, func(t *testing.T) {
			if _, err := os.Stat(filepath.Join(h.dir, "asm", "fcntl.h")); err != nil {
				t.Skipf("the kernel's headers are not here (linux-libc-dev, or linux-libc-dev-…-cross): %v", err)
			}
			table, err := syscalls.For(h.arch)
			if err != nil {
				t.Fatal(err)
			}
			flags := allFlags(table)
			out, err := compile(t, h, assertions(flags))
			if err != nil {
				t.Fatalf("the headers have other values: %v\n%s", err, out)
			}
			missing := strings.Count(out, "#warning")
			t.Logf("%d of %d values compared", len(flags)-missing, len(flags))
			if len(flags)-missing < 700 {
				t.Errorf("only %d of %d values are in the headers", len(flags)-missing, len(flags))
			}
		})
	}
}

// A boundFlag is a flag with the bits that count.
type boundFlag struct {
	syscalls.Flag
	mask uint64
}

// allFlags gives every value of an architecture by its name.
func allFlags(table *syscalls.Table) map[string]boundFlag {
	all := map[string]boundFlag{}
	add := func(s *syscalls.FlagSet, width int) {
		for _, f := range s.Flags() {
			all[f.Name] = boundFlag{f, ^uint64(0) >> (64 - width)}
		}
	}
	for c := range table.All() {
		for i := range c.NArgs() {
			if s := syscalls.FlagsOf(table, c, i); s != nil {
				add(s, c.Width(i))
			}
		}
	}
	for _, level := range []uint64{1, 0xffff, 0, 6, 41} {
		if s := syscalls.OptionsOf(table, level); s != nil {
			add(s, 32)
		}
	}
	return all
}

// enumerators begin the names that the headers have in an enum, which the
// preprocessor does not see.
var enumerators = []string{"PER_", "ADDR_", "MEMBARRIER_CMD_", "KCMP_", "UNAME26", "FDPIC_FUNCPTRS", "MMAP_PAGE_ZERO", "READ_IMPLIES_EXEC", "SHORT_INODE", "WHOLE_SECONDS", "STICKY_TIMEOUTS"}

// newerEnumerators is what the headers of Linux 6.1 lack.
const newerEnumerators = "MEMBARRIER_CMD_GET_REGISTRATIONS"

// assertions writes a C file that compiles if each value is that of the headers,
// with a warning for each name that they lack.
func assertions(flags map[string]boundFlag) string {
	var b strings.Builder
	// What the headers expect of a C library's.
	b.WriteString("#include <linux/types.h>\ntypedef __kernel_size_t size_t;\ntypedef __kernel_old_time_t time_t;\ntypedef __kernel_pid_t pid_t;\n")
	for _, h := range constantHeaders {
		fmt.Fprintf(&b, "#if __has_include(<%s>)\n#include <%[1]s>\n#endif\n", h)
	}
	for name, f := range flags {
		assert := fmt.Sprintf("_Static_assert(((unsigned long long)(long long)(%s) & %#xull) == %#xull, \"%s\");", name, f.mask, f.Value, name)
		isEnum := name != newerEnumerators && containsPrefix(enumerators, name)
		switch {
		case isEnum:
			fmt.Fprintln(&b, assert)
		default:
			fmt.Fprintf(&b, "#ifdef %s\n%s\n#else\n#warning %s\n#endif\n", name, assert, name)
		}
	}
	return b.String()
}

func containsPrefix(prefixes []string, name string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

// compile checks a file with the headers of an architecture and gives what the
// compiler says.
func compile(t *testing.T, h headerDir, source string) (string, error) {
	file := filepath.Join(t.TempDir(), "values.c")
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"-fsyntax-only", "-nostdinc", "-fmax-errors=20", "-fdiagnostics-plain-output", "-I" + h.dir, "-I/usr/include"}
	if !strings.Contains(h.dir, "x86_64") {
		args = append(args, "-U__x86_64__", "-U__i386__")
	}
	args = append(append(args, strings.Fields(h.flags)...), file)
	out, err := exec.Command("gcc", args...).CombinedOutput()
	return string(out), err
}
