package curb

import (
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/gocurb/curb/internal/seccomp"
)

// A Feature is something of seccomp's that a kernel may have or lack.
type Feature uint8

// The features, and the release of Linux that brought each.
const (
	// FeatureFilters is filters for all threads at once, without which there is
	// nothing (Linux 3.17).
	FeatureFilters = Feature(seccomp.Filters)

	FeatureKillProcess = Feature(seccomp.ActionKillProcess) // [KillProcess], Linux 4.14
	FeatureKillThread  = Feature(seccomp.ActionKillThread)  // [KillThread], 3.5
	FeatureTrap        = Feature(seccomp.ActionTrap)        // [Trap], 3.5
	FeatureErrno       = Feature(seccomp.ActionErrno)       // [Errno], 3.5
	FeatureNotify      = Feature(seccomp.ActionNotify)      // [Notify], 5.0
	FeatureTrace       = Feature(seccomp.ActionTrace)       // [Trace], 3.5
	FeatureLog         = Feature(seccomp.ActionLog)         // [Log], 4.14
	FeatureAllow       = Feature(seccomp.ActionAllow)       // [Policy.Allow], 3.5

	FeatureAllThreads        = Feature(seccomp.FlagAllThreads)        // used for all policies, 3.17
	FeatureLogDenials        = Feature(seccomp.FlagLogDenials)        // [Policy.LogDenials], 4.14
	FeatureAllowSpeculation  = Feature(seccomp.FlagAllowSpeculation)  // [Policy.AllowSpeculation], 4.17
	FeatureListener          = Feature(seccomp.FlagNewListener)       // used by package notify, 5.0
	FeatureAllThreadsOrError = Feature(seccomp.FlagAllThreadsOrError) // with a listener, 5.7; unused, as it does not name the thread
	FeatureWaitKillable      = Feature(seccomp.FlagWaitKillable)      // used by package notify, 5.19

	FeatureContinue            = Feature(seccomp.ListenerContinue)   // a supervisor lets a call go on, 5.5
	FeatureAddDescriptor       = Feature(seccomp.ListenerAddFD)      // it adds a descriptor, 5.9
	FeatureAddDescriptorAtomic = Feature(seccomp.ListenerAddFDSend)  // and answers at once with it, 5.14
	FeatureListenerSyncWakeUp  = Feature(seccomp.ListenerSyncWakeUp) // it is woken on the same processor, 6.6
)

// String gives the feature as the kernel names it, such as "SECCOMP_RET_LOG".
func (f Feature) String() string {
	if int(f) >= seccomp.NumFeatures {
		return fmt.Sprintf("Feature(%d)", uint8(f))
	}
	return seccomp.Feature(f).String()
}

// Since gives the release of Linux that brought the feature, such as "4.14".
func (f Feature) Since() string {
	if int(f) >= seccomp.NumFeatures {
		return ""
	}
	return seccomp.Feature(f).Since()
}

// Supported asks the kernel for all features. Nothing is concluded from its
// release, since distributions add features to old ones, and since a container's
// filter may stand in the way. It takes some twenty system calls, and a child
// process for what a listener can do: a millisecond or two in a small program.
//
// In a program that is under a policy it needs the calls seccomp, mmap, munmap,
// rt_sigprocmask, clone, wait4, prctl, ioctl and exit_group. A policy that ends
// the process for one of them ends it here.
func Supported() Support {
	answers := seccomp.Probe()
	return Support{answers[:]}
}

// Support is what a kernel has of seccomp. It comes from [Supported]; the zero
// Support knows of nothing whether it is there.
type Support struct {
	answers []error
}

// Has reports whether the feature is there for sure.
func (s Support) Has(f Feature) bool { return s.Err(f) == nil }

// Err gives one of three answers: nil if the kernel has the feature; an error that
// wraps [errors.ErrUnsupported] if it has not; and any other error if that could
// not be told, most likely since a filter that is in force denies the question.
func (s Support) Err(f Feature) error {
	if int(f) >= len(s.answers) {
		return fmt.Errorf("curb: nobody asked the kernel for %v: call Supported", f)
	}
	return own(s.answers[f])
}

// All gives every feature with the answer that Err gives.
func (s Support) All() iter.Seq2[Feature, error] {
	return func(yield func(Feature, error) bool) {
		for i := range s.answers {
			if f := Feature(i); !yield(f, s.Err(f)) {
				return
			}
		}
	}
}

// String gives a table for people: a line for each feature, with the release of
// Linux that brought it and the answer.
func (s Support) String() string {
	var text strings.Builder
	for f, err := range s.All() {
		answer := "yes"
		if errors.Is(err, errors.ErrUnsupported) {
			answer = "no"
		} else if err != nil {
			answer = "could not tell: " + strings.TrimPrefix(err.Error(), "curb: ")
		}
		fmt.Fprintf(&text, "%-38s  Linux %-4s  %s\n", f, f.Since(), answer)
	}
	return text.String()
}
