package scan_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gocurb/curb/usage"
)

// told writes down what is known of a call's arguments: "any", or values in hex
// and, behind a slash, the bits that are free.
func told(args []usage.ArgValues) string {
	var list []string
	for _, a := range args {
		if a.Any {
			list = append(list, "any")
			continue
		}
		var values []string
		for _, v := range a.Values {
			values = append(values, fmt.Sprintf("%x", v))
		}
		text := strings.Join(values, ",")
		if a.Free != 0 {
			text += fmt.Sprintf("/%x", a.Free)
		}
		list = append(list, text)
	}
	return strings.Join(list, " ")
}

// argumentCases are the calls of the program arguments, with what must be known of
// their telling arguments. Each call is made in one way alone.
var argumentCases = []struct{ call, want, stripped, because string }{
	{"shutdown", "1", "", "a constant"},
	{"fadvise64", "0,3,4", "", "a parameter, through several callers"},
	{"flock", "2,8", "any", "a variable and the store to it"},
	{"msync", "any", "any", "a variable that is changed through a pointer"},
	{"fallocate", "any", "any", "a field of an allocated object"},
	{"fsetxattr", "6", "", "a field of a struct that is passed by value"},
	{"getpriority", "any", "any", "a parameter of a function in a map"},
	{"tee", "5", "any", "a parameter of a function that one variable holds, to be called"},
	{"splice", "any", "any", "a parameter of a function whose value is copied"},
	{"dup3", "40000000", "", "a parameter of a method"},
	{"vmsplice", "any", "any", "a parameter of a method value"},
	{"signalfd4", "any", "any", "a parameter of a method that an interface has"},
	{"sync_file_range", "any", "any", "what a closure has captured"},
	{"lseek", "any", "any", "a variable that closures share"},
	{"accept4", "40000001,40000002", "", "arguments of deferred calls"},
	{"inotify_init1", "40000000,40000003/bffffff8", "", "flags that are added to what is shifted"},
	{"sched_get_priority_max", "29,51", "", "a sum"},
	{"getitimer", "any", "any", "more values than are kept, by a loop"},
	{"memfd_create", "40000020,40000040", "", "a recursion that passes it on"},
	{"futex_waitv", "1/fffffff0 5", "", "a recursion that changes it"},
	{"kcmp", "5,6,7", "", "the first result of a function"},
	{"mremap", "any", "any", "a result that a deferred function sets"},
	{"ioprio_get", "1000/ff", "", "more values than are kept: bits that all have"},
	{"pipe2", "40000003", "", "a value that is kept over a call through a pointer"},
	{"fchmodat2", "40000000", "", "a wrapper in x/sys, which jumps into package syscall"},
	{"ioctl", "5413", "", "a wrapper of a wrapper in x/sys"},
	{"timerfd_create", "any 40000000", "any 40000000", "a slice, a map, a channel, text"},
	{"clock_getres", "any", "any", "reflection"},
	{"close_range", "20000000,40000000", "", "generic code"},
	{"unlinkat", "40000000,40000002", "", "assembly, and a jump in it"},
	{"getsockopt", "1,6 2,3,a", "", "two parameters, each on its own"},
}

// combinedCases are the combinations of two parameters.
var combinedCases = map[string][]string{
	"getsockopt": {"1 2,3", "6 a"},
	"socketpair": {"4d 80001 0", "4e 80002 0"},
}

func TestArguments(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			u := scanned(t, program(t, "arguments", way.name))
			for _, c := range argumentCases {
				call, ok := u.Find(c.call)
				if !ok {
					t.Errorf("%s: there is no %s", c.because, c.call)
					continue
				}
				want := c.want
				if way.stripped && c.stripped != "" {
					want = c.stripped
				}
				if got := told(call.Args); got != want {
					t.Errorf("%s: the arguments of %s are %s, want %s", c.because, c.call, got, want)
				}
			}
			for name, want := range combinedCases {
				call, _ := u.Find(name)
				var got []string
				for _, c := range call.Cases {
					got = append(got, told(c))
				}
				if !slices.Equal(got, want) {
					t.Errorf("the cases of %s are %q, want %q", name, got, want)
				}
			}
		})
	}
}

// What a program that only prints asks of the kernel: no memory that can be
// executed, no file to write to but the null device in place of a standard
// descriptor that is closed, no child.
func TestArgumentsOfHello(t *testing.T) {
	for _, way := range ways {
		if strings.HasSuffix(way.name, "pie") {
			continue // the loader's calls can have any arguments
		}
		t.Run(way.name, func(t *testing.T) {
			u := scanned(t, program(t, "hello", way.name))
			clone := "50f00,d0f00" // with CLONE_SETTLS, which the code for C libraries adds
			if way.arch == "arm64" {
				clone = "50f00"
			}
			if way.stripped {
				clone = "5100," + clone // os tries whether there are process descriptors
			}
			for name, want := range map[string]string{
				"clone": clone, "mmap": "0,3 22,32", "mprotect": "0", "openat": "0,2,80000",
				"fcntl": "1,3,4", "futex": "80,81", "madvise": "4,8,e,f", "epoll_ctl": "1,2", "prctl": "53564d41",
			} {
				if call, ok := u.Find(name); !ok || told(call.Args) != want {
					t.Errorf("%s: got %s, want %s", name, told(call.Args), want)
				}
			}
		})
	}
}

// Where the vDSO or the loader makes a call, too, nothing is known of its arguments.
func TestArgumentsOfOthers(t *testing.T) {
	for path, names := range map[string]string{
		program(t, "hello", "plain"): "clock_gettime",
		program(t, "hello", "pie"):   "mmap mprotect openat",
	} {
		u := scanned(t, path)
		for name := range strings.FieldsSeq(names) {
			call, _ := u.Find(name)
			if len(call.Args) == 0 || slices.ContainsFunc(call.Args, func(a usage.ArgValues) bool { return !a.Any }) || call.Cases != nil {
				t.Errorf("%s: the arguments of %s are %s, though others make it, too", path, name, told(call.Args))
			}
		}
	}
}

// What other releases build is understood as well.
func TestArgumentsReleases(t *testing.T) {
	for _, release := range []struct{ toolchain, arch string }{
		{"go1.17.13", "amd64"}, {"go1.17.13", "arm64"}, {"go1.18.10", "arm64"}, {"go1.20.14", "amd64"},
		{"go1.22.12", "amd64"}, {"go1.24.13", "amd64"}, {"", "amd64"}, {"", "arm64"}, {"go1.27.4", "amd64"}, {"go1.27.4", "arm64"},
	} {
		t.Run(release.toolchain+"/"+release.arch, func(t *testing.T) {
			u := scanned(t, portable(t, release.toolchain, release.arch, "plain"))
			for _, name := range []string{"mmap", "mprotect"} {
				const execute = 4
				call, ok := u.Find(name)
				if ok && (len(call.Args) == 0 || call.Args[0].Any || call.Args[0].Free&execute != 0) ||
					ok && slices.ContainsFunc(call.Args[0].Values, func(prot uint64) bool { return prot&execute != 0 }) {
					t.Errorf("%s can make memory executable: %s", name, told(call.Args))
				}
			}
			if call, _ := u.Find("mmap"); !slices.Contains(call.Args[0].Values, 1) {
				t.Errorf("mmap has %s, and the program maps to read", told(call.Args))
			}
			const writes, null = 3, 2 // the runtime opens /dev/null in place of a standard descriptor
			call, _ := u.Find("openat")
			if slices.ContainsFunc(call.Args, func(a usage.ArgValues) bool {
				return a.Any || a.Free&writes != 0 || slices.ContainsFunc(a.Values, func(v uint64) bool { return v&writes != 0 && v != null })
			}) {
				t.Errorf("openat can open files to write: %s", told(call.Args))
			}
			clone, _ := u.Find("clone")
			t.Log("clone:", told(clone.Args), "openat:", told(call.Args))
		})
	}
}
