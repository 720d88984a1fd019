package syscalls_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gocurb/curb/syscalls"
)

// The kernel's names of what a policy can tell calls apart by: a table made from
// a newer kernel must not lose one.
func TestTelling(t *testing.T) {
	want := map[string]string{
		"arch_prctl": "option", "clone": "clone_flags", "epoll_ctl": "op", "fcntl": "cmd", "futex": "op",
		"getsockopt": "level optname", "ioctl": "cmd", "kill": "sig", "madvise": "behavior", "membarrier": "cmd flags",
		"mmap": "prot flags", "mprotect": "prot", "open": "flags", "openat": "flags", "pkey_mprotect": "prot",
		"prctl": "option", "ptrace": "request", "setsockopt": "level optname", "shmat": "shmflg",
		"socket": "family type protocol", "socketpair": "family type protocol", "tgkill": "sig", "tkill": "sig",
		"unshare": "unshare_flags", "waitid": "which options",
		// Descriptors, sizes, what the user chooses, and what lies behind a pointer.
		"clone3": "", "creat": "", "fchmod": "", "openat2": "", "read": "", "umask": "",
	}
	for _, table := range []*syscalls.Table{syscalls.AMD64, syscalls.ARM64} {
		for name, args := range want {
			call, ok := table.ByName(name)
			if !ok {
				continue // arm64 has no open, creat and arch_prctl
			}
			var got []string
			for _, i := range call.Telling() {
				got = append(got, call.Args()[i].Name)
			}
			if strings.Join(got, " ") != args {
				t.Errorf("%s on %s: %q tell, want %q", call, table.Arch, got, args)
			}
		}
	}
}

func TestTellingIsBounded(t *testing.T) {
	for _, table := range syscalls.Tables() {
		for call := range table.All() {
			if list := call.Telling(); len(list) > syscalls.MaxTelling || !slices.IsSorted(list) {
				t.Errorf("%s on %s: %v", call, table.Arch, list)
			}
		}
	}
}
