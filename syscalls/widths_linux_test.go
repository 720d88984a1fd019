//go:build amd64 || arm64

package syscalls_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/gocurb/curb/syscalls"
)

// A widthCase is a call that comes to a known end with good arguments. The
// kernel is asked what becomes of it with something in an argument's upper half:
// the same for a width of 32, something else for 64.
type widthCase struct {
	call string
	args []uintptr
	end  syscall.Errno // 0: success
	// The arguments to try, by the width that the kernel should show. No length
	// of memory is among them: one with something in its upper half is good, and
	// unmaps the test.
	narrow, wide []string
}

// These widths come from reading the kernel's source: the kernel that the tests
// run on cannot be asked.
var notAsked = []string{
	"kexec_load.flags", // would load a kernel
}

func TestWidthsOnThisKernel(t *testing.T) {
	table := syscalls.Native()
	asked := map[string]bool{}
	for _, test := range widthCases(t) {
		c := call(t, table, test.call)
		if _, _, errno := do(c, test.args); errno == syscall.ENOSYS {
			t.Logf("%s: this kernel does not have it", test.call)
			for _, name := range test.narrow {
				asked[test.call+"."+name] = true
			}
			continue
		} else if errno != test.end {
			t.Errorf("%v with good arguments ends in %q, want %q", c, errno, test.end)
			continue
		}
		for i, arg := range c.Args() {
			narrow, wide := slices.Contains(test.narrow, arg.Name), slices.Contains(test.wide, arg.Name)
			if !narrow && !wide {
				continue
			}
			asked[test.call+"."+arg.Name] = true
			for _, upper := range []uintptr{1 << 32, 1 << 40, 1 << 63, 0xffffffff << 32} {
				args := slices.Clone(test.args)
				args[i] |= upper
				_, _, errno := do(c, args)
				if ignored := errno == test.end; ignored != narrow {
					t.Errorf("%v: with %s = %#x it ends in %q, without the upper half in %q", c, arg.Name, args[i], errno, test.end)
				}
			}
			if want := map[bool]uint8{true: 32, false: 64}[narrow]; arg.Width != want {
				t.Errorf("%v: the table says that %s has width %d, the kernel shows %d", c, arg.Name, arg.Width, want)
			}
		}
	}
	for _, name := range corrected(t) {
		if !asked[name] && !slices.Contains(notAsked, name) {
			t.Errorf("corrections.txt gives a width for %s, and no case here asks the kernel", name)
		}
	}
}

// do makes a call. What it maps is unmapped again.
func do(c *syscalls.Call, args []uintptr) (r1, r2 uintptr, errno syscall.Errno) {
	var a [6]uintptr
	copy(a[:], args)
	r1, r2, errno = syscall.Syscall6(uintptr(c.Nr), a[0], a[1], a[2], a[3], a[4], a[5])
	if c.Name == "mmap" && errno == 0 {
		syscall.Syscall(syscall.SYS_MUNMAP, r1, a[1], 0)
	}
	return r1, r2, errno
}

// corrected lists the arguments whose width corrections.txt changes.
func corrected(t *testing.T) []string {
	content, err := os.ReadFile("corrections.txt")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for line := range strings.Lines(string(content)) {
		if f := strings.Fields(line); len(f) > 3 && f[0] == "width" {
			call, arches, some := strings.Cut(f[1], "@")
			if !some || slices.Contains(strings.Split(arches, ","), syscalls.Native().Arch) {
				names = append(names, call+"."+f[2])
			}
		}
	}
	if len(names) == 0 {
		t.Fatal("corrections.txt changes no width")
	}
	return names
}

const (
	prRead, prReadWrite = syscall.PROT_READ, syscall.PROT_READ | syscall.PROT_WRITE
	mapPrivate, mapAnon = syscall.MAP_PRIVATE, syscall.MAP_ANON

	// What package syscall does not have, from include/uapi/linux.
	clonePIDFD  = 0x1000
	madvCold    = 20
	mpolDefault = 0
	kcmpFile    = 0
	futex2U32   = 2
	badAddress  = 1
)

func widthCases(t *testing.T) []widthCase {
	page := uintptr(os.Getpagesize())
	private := mapPages(t, 3, -1, mapPrivate|mapAnon)
	file, fd := tempFile(t, 3*page)
	shared := mapPages(t, 3, file, syscall.MAP_SHARED)
	pipe := pipeEnd(t)
	self := uintptr(syscall.Getpid())
	pidfd, _, errno := syscall.Syscall(434, self, 0, 0) // pidfd_open, the same everywhere
	if errno != 0 {
		pidfd = ^uintptr(0)
	} else {
		t.Cleanup(func() { syscall.Close(int(pidfd)) })
	}
	epoll, err := syscall.EpollCreate1(0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(epoll) })
	// The vector lies in memory that the garbage collector does not move.
	vec := private + page
	*(*syscall.Iovec)(pointer(vec)) = syscall.Iovec{Base: (*byte)(pointer(private)), Len: 1}
	word := private + 2*page

	return []widthCase{
		// Declared with 64 bits and used with 32: corrections.txt.
		{"mmap", []uintptr{0, page, prRead, mapPrivate | mapAnon, 0, 0}, 0, []string{"prot", "flags"}, nil},
		{"mmap", []uintptr{0, page, prRead, mapPrivate, fd, 0}, 0, []string{"fd"}, nil},
		// The place for the descriptor is bad: it fails before there is a child.
		{"clone", []uintptr{clonePIDFD | uintptr(syscall.SIGCHLD), 0, badAddress, 0, 0}, syscall.EFAULT, []string{"clone_flags"}, nil},
		{"remap_file_pages", []uintptr{shared, page, 0, 0, 0}, 0, []string{"flags"}, []string{"prot"}},
		{"readv", []uintptr{fd, vec, 1}, 0, []string{"fd", "vlen"}, nil},
		{"writev", []uintptr{fd, vec, 1}, 0, []string{"fd", "vlen"}, nil},
		{"preadv", []uintptr{fd, vec, 1, 0, 0}, 0, []string{"fd", "vlen", "pos_h"}, nil},
		{"pwritev", []uintptr{fd, vec, 1, 0, 0}, 0, []string{"fd", "vlen", "pos_h"}, nil},
		{"preadv2", []uintptr{fd, vec, 1, 0, 0, 0}, 0, []string{"fd", "vlen", "pos_h", "flags"}, nil},
		{"pwritev2", []uintptr{fd, vec, 1, 0, 0, 0}, 0, []string{"fd", "vlen", "pos_h", "flags"}, nil},
		{"vmsplice", []uintptr{pipe, vec, 1, 0}, 0, []string{"fd", "nr_segs", "flags"}, nil},
		{"process_madvise", []uintptr{pidfd, vec, 0, madvCold, 0}, 0, []string{"pidfd", "vlen", "behavior", "flags"}, nil},
		{"process_vm_readv", []uintptr{self, vec, 1, vec, 1, 0}, 0, []string{"pid", "liovcnt"}, []string{"riovcnt", "flags"}},
		{"process_vm_writev", []uintptr{self, vec, 1, vec, 1, 0}, 0, []string{"pid", "liovcnt"}, []string{"riovcnt", "flags"}},
		{"mbind", []uintptr{private, page, mpolDefault, 0, 0, 0}, 0, []string{"mode", "flags"}, nil},
		// A process may not attach to itself. Another request, or no such process, is ESRCH.
		{"ptrace", []uintptr{syscall.PTRACE_ATTACH, self, 0, 0}, syscall.EPERM, []string{"pid"}, []string{"request"}},
		{"kcmp", []uintptr{self, self, kcmpFile, fd, fd}, 0, []string{"pid1", "pid2", "type", "idx1"}, nil},

		// Used as declared, with 64 bits: the kernel refuses what it does not know.
		{"mprotect", []uintptr{private, page, prReadWrite}, 0, nil, []string{"prot"}},
		{"mremap", []uintptr{private, page, page, 0, 0}, 0, nil, []string{"flags"}},
		{"unshare", []uintptr{0}, 0, nil, []string{"unshare_flags"}},
		{"get_mempolicy", []uintptr{0, 0, 0, 0, 0}, 0, nil, []string{"flags"}},
		{"futex_wake", []uintptr{word, ^uintptr(0) >> 32, 0, futex2U32}, 0, []string{"nr", "flags"}, []string{"mask"}},
		{"rt_sigprocmask", []uintptr{0, 0, 0, 8}, 0, []string{"how"}, []string{"sigsetsize"}},
		{"fanotify_mark", []uintptr{fd, 1, 0, 0, 0}, syscall.EINVAL, []string{"fanotify_fd", "flags"}, nil},

		// Used as declared, with 32 bits.
		{"lseek", []uintptr{fd, 0, 0}, 0, []string{"fd", "whence"}, nil},
		{"openat", []uintptr{^uintptr(99) /* AT_FDCWD, -100 */ & 0xffffffff, badAddress, 0, 0}, syscall.EFAULT, []string{"dfd", "flags", "mode"}, nil},
		{"fcntl", []uintptr{fd, syscall.F_GETFD, 0}, 0, []string{"fd", "cmd"}, nil},
		{"ioctl", []uintptr{fd, syscall.TCGETS, word}, syscall.ENOTTY, []string{"fd", "cmd"}, nil},
		{"prctl", []uintptr{syscall.PR_GET_DUMPABLE, 0, 0, 0, 0}, 0, []string{"option"}, nil},
		{"socket", []uintptr{syscall.AF_UNIX, 99, 0}, syscall.EINVAL, []string{"family", "type", "protocol"}, nil},
		{"madvise", []uintptr{private, page, 0}, 0, []string{"behavior"}, nil},
		{"futex", []uintptr{word, 1 /* wake */, 0, 0, 0, 0}, 0, []string{"op", "val", "val3"}, nil},
		{"tgkill", []uintptr{self, self, 0}, 0, []string{"tgid", "pid", "sig"}, nil},
		{"kill", []uintptr{self, 0}, 0, []string{"pid", "sig"}, nil},
		{"epoll_ctl", []uintptr{uintptr(epoll), syscall.EPOLL_CTL_DEL, pipe, word}, syscall.ENOENT, []string{"epfd", "op", "fd"}, nil},
		{"getrandom", []uintptr{word, 8, 1}, 0, []string{"flags"}, nil},
		{"setsockopt", []uintptr{fd, 1, 2, word, 4}, syscall.ENOTSOCK, []string{"fd", "level", "optname", "optlen"}, nil},
		{"clock_gettime", []uintptr{1, word}, 0, []string{"which_clock"}, nil},
		{"fchmod", []uintptr{fd, 0o600}, 0, []string{"fd", "mode"}, nil},
		{"landlock_add_rule", []uintptr{fd, 1, 0, 0}, syscall.EBADFD, []string{"ruleset_fd", "rule_type", "flags"}, nil},
	}
}

// pointer makes a pointer to memory outside of Go's heap.
func pointer(address uintptr) unsafe.Pointer {
	return *(*unsafe.Pointer)(unsafe.Pointer(&address))
}

func mapPages(t *testing.T, pages, fd, flags int) uintptr {
	t.Helper()
	mem, err := syscall.Mmap(fd, 0, pages*os.Getpagesize(), prReadWrite, flags)
	if err != nil {
		t.Fatalf("mapping memory: %v", err)
	}
	t.Cleanup(func() { syscall.Munmap(mem) })
	return uintptr(unsafe.Pointer(unsafe.SliceData(mem)))
}

func tempFile(t *testing.T, size uintptr) (int, uintptr) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(t.TempDir(), "file"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if _, err := f.WriteString(strings.Repeat("x", int(size))); err != nil {
		t.Fatal(err)
	}
	return int(f.Fd()), f.Fd()
}

func pipeEnd(t *testing.T) uintptr {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return w.Fd()
}
