package curb

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/precompiled"
	"github.com/gocurb/curb/syscalls"
)

// A Policy says which system calls a program may make, and what happens to the
// others. It is immutable: its methods return changed copies. The zero Policy
// allows nothing.
//
// Of several statements about one call, the last whose conditions hold decides.
// So statements with the same action add up, and later ones refine earlier ones:
//
//	curb.Allow("ioctl").On("ioctl", curb.Errno(syscall.ENOTTY), curb.Arg(1).Is(unix.TIOCSTI))
//
// Mistakes, such as a name that no call has, come out as an error of [Policy.Err]
// and [Policy.Enforce], all of them at once.
type Policy struct {
	// base, if there is one, is what the rules refine: a policy that is made of
	// others once the table is known.
	base        func(*syscalls.Table) (filter.Policy, error)
	rules       []policyRule
	errs        []error
	otherwise   *Action // nil for the default
	bestEffort  bool
	skipUnknown bool

	logDenials, allowSpeculation bool
}

// Allow allows these system calls as well.
func (p Policy) Allow(names ...string) Policy { return p.add(allow, names) }

// Deny denies these system calls, as though no statement had allowed them: they
// get what [Policy.Otherwise] says, so that with [Log] they are made all the same.
// On gives them another answer.
func (p Policy) Deny(names ...string) Policy { return p.add(filter.Deny, names) }

// AllowIf allows a system call if all of the conditions hold, of which there must
// be one at least.
func (p Policy) AllowIf(name string, conditions ...Condition) Policy {
	if len(conditions) == 0 {
		p.errs = append(slices.Clip(p.errs), fmt.Errorf("AllowIf(%q) has no condition: use Allow for a call that is always allowed", name))
	}
	return p.On(name, allow, conditions...)
}

// DenyIf denies a system call if all of the conditions hold, of which there must be
// one at least, as though no statement had allowed it.
func (p Policy) DenyIf(name string, conditions ...Condition) Policy {
	if len(conditions) == 0 {
		p.errs = append(slices.Clip(p.errs), fmt.Errorf("DenyIf(%q) has no condition: use Deny for a call that is always denied", name))
	}
	return p.On(name, filter.Deny, conditions...)
}

// On says what happens to a system call if all of the conditions hold, and, when
// there are none, in any case.
func (p Policy) On(name string, action Action, conditions ...Condition) Policy {
	rule := filter.Rule{Syscall: name, Action: action}
	for _, c := range conditions {
		if c.err != nil {
			p.errs = append(slices.Clip(p.errs), fmt.Errorf("%s: condition %q: %w", name, c, c.err))
		}
		rule.Conds = append(rule.Conds, c.cond)
	}
	p.rules = append(slices.Clip(p.rules), policyRule{Rule: rule})
	return p
}

func (p Policy) add(action Action, names []string) Policy {
	p.rules = slices.Clip(p.rules)
	for _, name := range names {
		p.rules = append(p.rules, policyRule{Rule: filter.Rule{Syscall: name, Action: action}})
	}
	return p
}

// Otherwise says what happens to the calls that no statement decides. Without it
// they fail with EPERM, or with ENOSYS; see the package comment.
func (p Policy) Otherwise(action Action) Policy {
	p.otherwise = &action
	return p
}

// SkipUnknown leaves out the names that only other architectures have, so that one
// list does for several. Names that no architecture has are mistakes all the same.
func (p Policy) SkipUnknown() Policy {
	p.skipUnknown = true
	return p
}

// LogDenials has the kernel log the calls that the policy does not allow, each
// with its number and the program, to the audit log or to the kernel's log
// (SECCOMP_FILTER_FLAG_LOG, Linux 4.14). Which actions it logs is up to
// /proc/sys/kernel/seccomp/actions_logged, and it drops lines when there are many.
// Calls that end the process or the thread it logs in any case.
func (p Policy) LogDenials() Policy {
	p.logDenials = true
	return p
}

// AllowSpeculation keeps the kernel from slowing the program down on account of
// the policy (SECCOMP_FILTER_FLAG_SPEC_ALLOW, Linux 4.17). Before Linux 5.16, and
// later with the boot parameters spec_store_bypass_disable=seccomp and
// spectre_v2_user=seccomp, it turns off speculative store bypass and indirect
// branch speculation for programs under a filter. That protects one part of a
// program from another, as where it runs code that it does not trust; a program
// that does not can do without.
func (p Policy) AllowSpeculation() Policy {
	p.allowSpeculation = true
	return p
}

// BestEffort makes Enforce do without what the system lacks:
//
//   - A flag that the kernel does not know ([Policy.LogDenials],
//     [Policy.AllowSpeculation]) is left off. It changes no verdict.
//   - [Log] becomes allow: the same calls are made, and none is logged.
//   - [KillProcess] ends the thread, which is what older kernels make of it. The
//     call is not made.
//   - Where nothing can be enforced (the system is not Linux, its kernel has no
//     seccomp filters, a container's filter forbids them, or there is no table
//     for the architecture) Enforce returns nil, and the program goes on
//     unprotected.
//
// No call that the policy denies is made in any case but the last. What was done
// without is what [Policy.EnforceReport] says. Everything else remains an error.
func (p Policy) BestEffort() Policy {
	p.bestEffort = true
	return p
}

// Err returns what is wrong with the policy on this architecture, one thing a
// line, without enforcing it. It wraps [errors.ErrUnsupported] where the
// architecture has no table of system calls.
func (p Policy) Err() error {
	_, err := p.native()
	return own(err)
}

// Compile makes a filter of the policy, for the architecture of the table.
func (p Policy) Compile(t *syscalls.Table) (filter.Program, error) {
	prog, err := p.compile(t)
	return prog, own(err)
}

// Filter compiles the policy for the architecture of this program, to be enforced
// later, or by [github.com/gocurb/curb/notify.Start]. It is an error where
// Policy.Err is one.
func (p Policy) Filter() (precompiled.Filter, error) {
	prog, err := p.native()
	if err != nil {
		return precompiled.Filter{}, own(err)
	}
	f := precompiled.Filter{Arch: runtime.GOARCH, Program: prog.Packed(), LogDenials: p.logDenials, AllowSpeculation: p.allowSpeculation}
	if p.bestEffort {
		f = f.BestEffort()
	}
	return f, nil
}

// String gives the policy as text, a statement a line.
func (p Policy) String() string {
	plain, err := p.plain(nil)
	if err != nil {
		return "no policy: " + err.Error()
	}
	return plain.String()
}

// native compiles for the architecture of the program.
func (p Policy) native() (filter.Program, error) {
	t := syscalls.Native()
	if t == nil {
		return nil, noTable()
	}
	return p.compile(t)
}

func noTable() error {
	return fmt.Errorf("there is no table of system calls for the architecture %s: %w", runtime.GOARCH, errors.ErrUnsupported)
}

func (p Policy) compile(t *syscalls.Table) (filter.Program, error) {
	plain, err := p.plain(t)
	if err != nil {
		return nil, errors.Join(append(slices.Clip(p.errs), err)...)
	}
	prog, err := filter.Compile(t, plain)
	if err = errors.Join(append(slices.Clip(p.errs), err)...); err != nil {
		return nil, err
	}
	return prog, nil
}

// A policyRule is a rule, and for which architectures it is.
type policyRule struct {
	filter.Rule
	// ofGroup marks what a group says: names that the architecture lacks are
	// left out.
	ofGroup bool
	archs   string // GOARCH names between spaces, "" for all
}

// plain gives the policy as package filter takes it, for the architecture of the
// table, or, for none, with all names; those of groups are as the program's own
// architecture has them.
func (p Policy) plain(t *syscalls.Table) (filter.Policy, error) {
	plain := filter.Policy{Default: Errno(syscall.Errno(1))}
	var rules []policyRule
	if p.base != nil {
		var err error
		if plain, err = p.base(t); err != nil {
			return filter.Policy{}, err
		}
		rules = everywhere(plain.Rules)
	}
	plain.Rules = nil
	for _, r := range append(rules, p.rules...) {
		if r.isFor(t, p.skipUnknown) {
			plain.Rules = append(plain.Rules, r.Rule)
		}
	}
	if p.otherwise != nil {
		plain.Default = *p.otherwise
	}
	return plain, nil
}

// everywhere gives rules that are for all architectures.
func everywhere(rules []filter.Rule) []policyRule {
	all := make([]policyRule, len(rules))
	for i, rule := range rules {
		all[i].Rule = rule
	}
	return all
}

// isFor reports whether the rule says something about an architecture.
func (r policyRule) isFor(t *syscalls.Table, skipUnknown bool) bool {
	if r.ofGroup && t == nil {
		t = syscalls.Native()
	}
	if t == nil {
		return true
	}
	if r.archs != "" && !strings.Contains(" "+r.archs+" ", " "+t.Arch+" ") {
		return false
	}
	if !r.ofGroup && !skipUnknown {
		return true
	}
	_, here := t.ByName(r.Syscall)
	return here || len(syscalls.Architectures(r.Syscall)) == 0
}

// own says whose error it is.
func own(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("curb: %w", err)
}
