package curb

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gocurb/curb/internal/seccomp"
)

// Enforce puts the policy in force for all threads of the process, and for those
// and the processes that they start later. It cannot be taken back. It also sets
// no_new_privs, so that set-user-ID programs give no rights any more.
//
// Policies add up: a call passes if it passes all of them. To be able to enforce
// another one later, this one must allow prctl and seccomp.
//
// When there is an error no thread is under the policy. The error wraps
// [errors.ErrUnsupported] where the system cannot enforce it, as all but Linux
// cannot; after [Policy.BestEffort] that is no error.
func (p Policy) Enforce() error {
	_, err := p.EnforceReport()
	return err
}

// MustEnforce is Enforce, and panics with its error.
func (p Policy) MustEnforce() {
	if err := p.Enforce(); err != nil {
		panic(err)
	}
}

// EnforceReport is Enforce, and reports what was done without. Without
// [Policy.BestEffort] that is nothing: what cannot be had is an error.
func (p Policy) EnforceReport() (Report, error) {
	lacking, err := p.load()
	switch {
	case err == nil:
		r := Report{Enforced: true}
		for _, lack := range lacking {
			r.Dropped = append(r.Dropped, dropped(Feature(lack.Feature), lack.Err))
		}
		return r, nil
	case p.bestEffort && errors.Is(err, errors.ErrUnsupported):
		return Report{Dropped: []Dropped{dropped(FeatureFilters, err)}}, nil
	}
	return Report{}, err
}

// A Report says what came of enforcing a policy.
type Report struct {
	// Enforced says that the policy is in force. If it is not the program runs
	// unprotected.
	Enforced bool
	// Dropped is what the policy asks for and the system lacks.
	Dropped []Dropped
}

// Dropped is something that a policy asks for and that was done without.
type Dropped struct {
	// Feature is what the system lacks.
	Feature Feature
	// Instead says what happens instead.
	Instead string
	// Err wraps [errors.ErrUnsupported] if the system is known to lack the
	// feature. Otherwise it says why that could not be told.
	Err error
}

// String gives the report as text, a line for each thing dropped.
func (r Report) String() string {
	var text strings.Builder
	if r.Enforced {
		text.WriteString("the policy is in force\n")
	} else {
		text.WriteString("the policy is not in force\n")
	}
	for _, d := range r.Dropped {
		fmt.Fprintf(&text, "without %s: %s (%v)\n", d.Feature, d.Instead, d.Err)
	}
	return text.String()
}

func dropped(f Feature, err error) Dropped {
	return Dropped{Feature: f, Instead: instead(f), Err: err}
}

// instead says what happens without a feature that can be done without.
func instead(f Feature) string {
	switch seccomp.Feature(f) {
	case seccomp.Filters:
		return "nothing is enforced, and the program runs unprotected"
	case seccomp.ActionKillProcess:
		return "the call is not made, and ends the thread instead of the process"
	case seccomp.ActionLog:
		return "the same calls are made, and not logged"
	case seccomp.FlagLogDenials:
		return "what the policy denies is denied, and not logged"
	case seccomp.FlagAllowSpeculation:
		return "the kernel may slow the program down, as it does others under filters"
	}
	return ""
}
