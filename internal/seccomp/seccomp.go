// Package seccomp speaks with the kernel about seccomp filters: it loads them
// and asks what the kernel has. It knows nothing of policies.
//
// Programs that carry a compiled filter link this package and little else, so
// it imports neither fmt nor os, and takes the few constants that it needs from
// the kernel's headers itself: the packages that have them double the size of a
// small program.
package seccomp

// A Program is a filter in classic BPF, with an instruction in each number: its
// code in the upper 16 bits, then how many instructions to skip if a comparison
// holds and if not in 8 bits each, then the operand in the lower 32.
type Program []uint64

// MaxInstructions is how long a program may be: BPF_MAXINSNS of
// linux/bpf_common.h.
const MaxInstructions = 4096

// What a filter returns (linux/seccomp.h). The lower half is data, such as the
// errno. Where several filters are in force the lowest wins, as signed numbers.
const (
	RetKillProcess = 0x80000000 // Linux 4.14, and before that taken for RetKillThread
	RetKillThread  = 0x00000000
	RetTrap        = 0x00030000
	RetErrno       = 0x00050000
	RetNotify      = 0x7fc00000 // Linux 5.0
	RetTrace       = 0x7ff00000
	RetLog         = 0x7ffc0000 // Linux 4.14
	RetAllow       = 0x7fff0000

	RetAction = 0xffff0000 // the part that is the action
	RetData   = 0x0000ffff // the part that is data
)

// Flags say how a filter is loaded (linux/seccomp.h).
type Flags uint32

// The flags, with the kernel release that brought each.
const (
	AllThreads        Flags = 1 << iota // TSYNC, Linux 3.17
	LogDenials                          // LOG, 4.14
	AllowSpeculation                    // SPEC_ALLOW, 4.17
	NewListener                         // NEW_LISTENER, 5.0
	AllThreadsOrError                   // TSYNC_ESRCH, 5.7: with NewListener
	WaitKillable                        // WAIT_KILLABLE_RECV, 5.19: with NewListener
)

// FlagsOf gives the flags that a policy can ask for.
func FlagsOf(logDenials, allowSpeculation bool) (flags Flags) {
	if logDenials {
		flags |= LogDenials
	}
	if allowSpeculation {
		flags |= AllowSpeculation
	}
	return flags
}
