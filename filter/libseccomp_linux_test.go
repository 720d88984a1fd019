package filter

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/gocurb/curb/syscalls"
)

// A duel is a policy compiled here and by libseccomp.
type duel struct {
	t        testing.TB
	tables   []*syscalls.Table
	policy   Policy
	theirs   []scmpRule
	ours     Program
	libs     Program
	optimise uint32
}

// The reasons for which libseccomp may say something else. Package filter's
// documentation has them all.
const (
	byX32         = "x32"
	byENOSYS      = "ENOSYS"
	byOrder       = "order of rules"
	byUpperHalf   = "upper half"
	byMultiplexer = "multiplexer"
	byAccumulator = "accumulator"
	byMixing      = "rules mixed up"
)

// newDuel compiles the policy. A rule that libseccomp refuses is left out of it;
// refused counts them by the error. The result is nil where it does not come to an
// end.
func newDuel(t testing.TB, l *libseccomp, tables []*syscalls.Table, p Policy, optimise uint32, refused map[syscall.Errno]int) *duel {
	t.Helper()
	d := &duel{t: t, tables: tables, optimise: optimise}
	for {
		var rules []scmpRule
		var from []int
		if p.Default != Allow {
			rules, from = append(rules, scmpRule{action: Allow, name: "#-1"}), append(from, -1)
		}
		for i, r := range p.Rules {
			for _, alternative := range translate(tables, r) {
				rules, from = append(rules, alternative), append(from, i)
			}
		}
		lib, err := l.compile(tables, optimise, p.Default, foreignArch(p.Default), rules)
		if errors.Is(err, syscall.ETIMEDOUT) {
			refused[syscall.ETIMEDOUT]++
			return nil
		}
		if err == nil {
			d.policy, d.theirs, d.libs = p, rules, lib
			break
		}
		var errno syscall.Errno
		wrong := slices.IndexFunc(rules, func(r scmpRule) bool { return strings.Contains(err.Error(), fmt.Sprintf("rule %+v", r)) })
		if !errors.As(err, &errno) || wrong < 0 || from[wrong] < 0 {
			t.Fatalf("%v\n%v", err, p)
		}
		refused[errno]++
		p.Rules = slices.Delete(slices.Clone(p.Rules), from[wrong], from[wrong]+1)
	}
	d.ours = compileFor(t, Compiler{Tables: tables}, d.policy)
	return d
}

// compare runs both programs on a call. Where they disagree it gives the reason,
// and fails the test if there is none.
func (d *duel) compare(data Data) (reason string) {
	d.t.Helper()
	ours, err := d.ours.Run(data)
	if err != nil {
		d.t.Fatalf("%v\n%v", err, d.ours)
	}
	theirs, err := d.libs.Run(data)
	if err != nil {
		d.t.Fatalf("libseccomp's: %v\n%v", err, d.libs)
	}
	if ours == theirs {
		return ""
	}
	reason, known := d.reason(data, ours, theirs)
	if !known {
		d.t.Fatalf("%s %+v gets %v, from libseccomp (optimisation %d) %v\npolicy:\n%v\nours:\n%v\nlibseccomp's:\n%v",
			reason, data, ours, d.optimise, theirs, d.policy, listing(d.ours, d.tables[0]), listing(d.libs, d.tables[0]))
	}
	return reason
}

// reason explains a difference, by the definitions of both.
func (d *duel) reason(data Data, ours, theirs Action) (reason string, known bool) {
	table := tableOf(d.tables, data)
	if table == nil {
		if data.Arch == syscalls.AMD64.AuditArch && ours == Errno(38) && theirs == foreignArch(d.policy.Default) {
			return byX32, true
		}
		return "a foreign architecture", false
	}
	call, _ := table.ByNumber(data.Nr)
	if call != nil && (call.Name == "socketcall" || call.Name == "ipc") {
		return byMultiplexer, true
	}
	meaning := scmpMeaning(table, d.policy.Default, d.theirs, data)
	if !slices.Contains(meaning, theirs) {
		// It compares an argument with another one's bound, or, of several
		// architectures, a number before it has loaded that.
		problem, _ := verifyAccumulator(d.libs, archsOf(d.tables))
		if strings.Contains(problem, "depends on the way") || strings.Contains(problem, "architecture that is none") {
			return byAccumulator, true
		}
		if d.mixesRules(table, data) {
			return byMixing, true
		}
		return fmt.Sprintf("libseccomp's documentation says %v:", meaning), false
	}
	enosys := Errno(syscall.Errno(table.ENOSYS()))
	switch {
	case theirs == d.policy.Default && isKind(theirs, Errno(0)) && ours == enosys && (call == nil || call.ENOSYS):
		return byENOSYS, true
	case len(meaning) > 1:
		return byOrder, true
	}
	// What is left must vanish with the upper halves that the kernel ignores.
	clean := data
	for i := range clean.Args {
		if call != nil && (call.Width(i) == 32 || compares32(table)) {
			clean.Args[i] &= whole
		}
	}
	if clean == data {
		return "not for upper halves:", false
	}
	d.compare(clean)
	return byUpperHalf, true
}

// mixesRules reports whether several rules on a call compare the same argument by
// its order. libseccomp shares what they begin with, and then can lose one of
// them, or end one with the comparisons of another.
func (d *duel) mixesRules(table *syscalls.Table, data Data) bool {
	ordered := make(map[uint32]int) // by argument: the rules that compare it so
	for _, r := range d.theirs {
		call, found := table.ByName(r.name)
		if !found || call.Nr != data.Nr {
			continue
		}
		for _, c := range r.cmps {
			if c.op != cmpEqual && c.op != cmpMasked && c.op != cmpNotEqual {
				ordered[c.arg]++
			}
		}
	}
	return slices.ContainsFunc(slices.Collect(maps.Values(ordered)), func(n int) bool { return n > 1 })
}

// tableOf gives the table that a call's number is to be looked up in.
func tableOf(tables []*syscalls.Table, d Data) *syscalls.Table {
	isX32 := d.Arch == syscalls.AMD64.AuditArch && d.Nr >= x32Bit && d.Nr != skipped
	for _, t := range tables {
		if t.AuditArch == d.Arch && (t.Arch == "x32") == isX32 {
			return t
		}
	}
	return nil
}

// TestLibseccompAgrees compares verdicts with those of libseccomp for the same
// policies, on every architecture that it knows.
func TestLibseccompAgrees(t *testing.T) {
	policies := 500
	if *long {
		policies = 10_000
	}
	l := startLibseccomp(t)
	sets := architectureSets()
	names := make([][]string, len(sets))
	for i, tables := range sets {
		names[i] = l.sharedNames(tables)
	}
	verdicts, differences, refused := 0, make(map[string]int), make(map[syscall.Errno]int)
	for seed := range policies {
		c := &chooser{randomBytes(rand.New(rand.NewPCG(uint64(seed), 11)), 20000)}
		at := seed % len(sets)
		if len(names[at]) == 0 {
			continue // an architecture that this libseccomp does not know
		}
		d := newDuel(t, l, sets[at], c.scmpPolicy(sets[at], names[at]), uint32(1+seed/len(sets)%2), refused)
		if d == nil {
			continue
		}
		for _, table := range sets[at] {
			for _, data := range c.inputs(table, d.policy) {
				verdicts++
				differences[d.compare(data)]++
			}
		}
	}
	t.Logf("%d policies, %d verdicts, of them the same: %d; differences by reason: %v; rules refused by libseccomp: %v",
		policies, verdicts, differences[""], differences, refused)
	for _, reason := range []string{byX32, byENOSYS, byOrder, byUpperHalf} {
		if differences[reason] == 0 {
			t.Errorf("no difference for the documented reason %q: does the generator try it?", reason)
		}
	}
	if n := refused[syscall.ETIMEDOUT]; n > policies/20 {
		t.Errorf("libseccomp did not come to an end with %d of %d policies", n, policies)
	}
	if differences[""] < verdicts*3/4 {
		t.Errorf("%d of %d verdicts are the same: too few", differences[""], verdicts)
	}
	for errno := range maps.Keys(refused) {
		if !slices.Contains([]syscall.Errno{syscall.EINVAL, syscall.EEXIST, syscall.ETIMEDOUT}, errno) {
			t.Errorf("libseccomp refuses %d rules with %v", refused[errno], errno)
		}
	}
}

// sharedNames gives the names that libseccomp knows by the same number on each
// of the architectures. It takes rules on a few more names and does nothing with
// them: the calls of ppc64 and mips that it has no number for on its own machine.
func (l *libseccomp) sharedNames(tables []*syscalls.Table) []string {
	var names []string
	for call := range tables[0].All() {
		differs := func(t *syscalls.Table) bool {
			same, found := t.ByName(call.Name)
			nr := l.number(t, call.Name)
			return found && nr != int32(same.Nr) || !found && nr >= 0
		}
		if slices.ContainsFunc(tables, differs) {
			continue
		}
		prog, err := l.compile(tables, 1, Allow, Trap, []scmpRule{{action: Log, name: call.Name}})
		if err != nil {
			l.t.Fatalf("%s: %v", call.Name, err)
		}
		got, err := prog.Run(Data{Nr: call.Nr, Arch: tables[0].AuditArch})
		if err != nil {
			l.t.Fatal(err)
		}
		if got == Log {
			names = append(names, call.Name)
		} else {
			l.t.Logf("%s: libseccomp ignores a rule for %s", Compiler{Tables: tables}.archNames(), call.Name)
		}
	}
	return names
}
