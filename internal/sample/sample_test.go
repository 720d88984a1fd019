package sample

import (
	"slices"
	"strings"
	"testing"

	"github.com/gocurb/curb/syscalls"
)

// TestNames: what is written down by hand is spelt right.
func TestNames(t *testing.T) {
	lists := map[string][]string{"Names": Names, "Closed": Closed, "Checks": nil}
	for _, check := range Checks {
		lists["Checks"] = append(lists["Checks"], check.Syscall)
		if !slices.Contains(Names, check.Syscall) {
			t.Errorf("%s is checked, and not among the names", check.Syscall)
		}
	}
	for which, names := range lists {
		if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
			t.Errorf("%s: not sorted, or a name is there twice", which)
		}
		for _, name := range names {
			if _, known := syscalls.AMD64.ByName(name); !known {
				t.Errorf("%s: there is no %s", which, name)
			}
		}
	}
}

// TestPolicyFitsServer: the web server whose calls were recorded would run under
// the policy.
func TestPolicyFitsServer(t *testing.T) {
	for name, recorded := range map[string]func() ([]Call, error){"Calls": Calls, "HeldOut": HeldOut} {
		calls, err := recorded()
		if err != nil {
			t.Fatal(err)
		}
		checked := 0
		for _, call := range calls {
			if !slices.Contains(Names, call.Syscall) {
				t.Errorf("%s: %v: it is not among the names", name, call)
			}
			i := slices.IndexFunc(Checks, func(c Check) bool { return c.Syscall == call.Syscall })
			if i < 0 {
				continue
			}
			checked += call.Count
			if !Checks[i].Holds(call.Value) {
				t.Errorf("%s: %v: the check refuses it", name, call)
			}
		}
		if checked < 100_000 {
			t.Errorf("%s: of the recorded calls only %d are checked ones: that says little about checks", name, checked)
		}
	}
}

// TestText: what is written is what is read.
func TestText(t *testing.T) {
	want := []Call{{9, "futex", 0x81}, {7, "read", 0}}
	var text strings.Builder
	text.WriteString("# how it was made\n")
	for _, call := range want {
		text.WriteString(call.String() + "\n")
	}
	if got, err := read(text.String()); err != nil || !slices.Equal(got, want) {
		t.Errorf("%q is read as %v, %v", text.String(), got, err)
	}
	for _, bad := range []string{"futex 9 0x81\n", "9 futex\n", "\n"} {
		if got, err := read(bad); err == nil {
			t.Errorf("%q is read as %v", bad, got)
		}
	}
}
