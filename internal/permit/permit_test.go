package permit_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/internal/permit"
	"github.com/gocurb/curb/syscalls"
	"github.com/gocurb/curb/usage"
)

// values is an argument that can have these.
func values(index int, free uint64, list ...uint64) usage.ArgValues {
	return usage.ArgValues{Index: index, Free: free, Values: list}
}

// found is a usage with one call.
func found(t *testing.T, arch, name string, cases [][]usage.ArgValues, args ...usage.ArgValues) *usage.Usage {
	t.Helper()
	return &usage.Usage{Binary: "x", Arch: arch, Syscalls: []usage.Syscall{{
		Name: name, Nr: call(t, arch, name).Nr, Args: args, Cases: cases,
	}}}
}

func call(t *testing.T, arch, name string) *syscalls.Call {
	t.Helper()
	table, err := syscalls.For(arch)
	if err != nil {
		t.Fatal(err)
	}
	c, ok := table.ByName(name)
	if !ok {
		t.Fatalf("no %s on %s", name, arch)
	}
	return c
}

// A made call is one that a program makes, with the registers as they are.
type made [3]uint64

// allowed lists the calls that the compiled policy lets pass.
func allowed(t *testing.T, u *usage.Usage, o permit.Options, calls ...made) string {
	t.Helper()
	o.Default = filter.Trap
	p, err := permit.Policy(u, o)
	if err != nil {
		t.Fatal(err)
	}
	table, err := syscalls.For(u.Arch)
	if err != nil {
		t.Fatal(err)
	}
	program, err := filter.Compile(table, p)
	if err != nil {
		t.Fatalf("%s: %v", p, err)
	}
	var list []string
	for _, args := range calls {
		d := filter.Data{Nr: u.Syscalls[0].Nr, Arch: table.AuditArch}
		copy(d.Args[:], args[:])
		got, err := program.Run(d)
		if err != nil {
			t.Fatal(err)
		}
		if want := p.Verdict(table, d); got != want {
			t.Errorf("%s with %x: the filter says %v, and the policy means %v", p, args, got, want)
		}
		if got == filter.Allow {
			list = append(list, fmt.Sprintf("%x", args[:]))
		}
	}
	return strings.Join(list, " ")
}

// TestValues: what the kernel cannot tell apart the filter does not, and the rest
// is closed.
func TestValues(t *testing.T) {
	const upper = 0xdead << 32
	for _, test := range []struct {
		name  string
		usage *usage.Usage
		calls []made
		want  string
	}{
		{"a set", found(t, "amd64", "openat", nil, values(2, 0, 0, 0x80000)), []made{{0, 0, 0}, {0, 0, 0x80000}, {0, 0, 1}, {0, 0, 0x80001}},
			"[0 0 0] [0 0 80000]"},
		{"free bits", found(t, "amd64", "openat", nil, values(2, 0x80000, 0, 0x41)), []made{{0, 0, 0x80000}, {0, 0, 0x80041}, {0, 0, 0x41}, {0, 0, 0x40}, {0, 0, 0x80001}},
			"[0 0 80000] [0 0 80041] [0 0 41]"},
		{"upper half of an int", found(t, "amd64", "openat", nil, values(2, 0, 0)), []made{{0, 0, upper}, {0, 0, upper | 1}},
			"[0 0 dead00000000]"},
		{"a negative int", found(t, "amd64", "personality", nil, values(0, 0, 0xffffffff)), []made{{^uint64(0)}, {0xffffffff}, {0}},
			"[ffffffffffffffff 0 0] [ffffffff 0 0]"},
		{"a long", found(t, "amd64", "mprotect", nil, values(2, 0, 1, 3)), []made{{0, 0, 1}, {0, 0, upper | 1}, {0, 0, 7}},
			"[0 0 1]"},
		{"two arguments", found(t, "amd64", "socket", nil, values(0, 0, 1, 2), values(1, 0x80800, 1)), []made{{1, 0x80801}, {2, 1}, {2, 2}, {10, 1}},
			"[1 80801 0] [2 1 0]"},
		{"cases", found(t, "amd64", "socket", [][]usage.ArgValues{{values(0, 0, 1), values(1, 0, 1)}, {values(0, 0, 2), values(1, 0, 2)}},
			values(0, 0, 1, 2), values(1, 0, 1, 2)), []made{{1, 1}, {2, 2}, {1, 2}, {2, 1}},
			"[1 1 0] [2 2 0]"},
		{"a case of anything", found(t, "amd64", "socket", [][]usage.ArgValues{{values(0, 0, 1)}, {{Index: 0, Any: true}}}), []made{{1, 1}, {7, 7}},
			"[1 1 0] [7 7 0]"},
		{"any", found(t, "amd64", "openat", nil, usage.ArgValues{Index: 2, Any: true}), []made{{0, 0, 0}, {0, 0, 1}}, "[0 0 0] [0 0 1]"},
		{"nothing known", found(t, "amd64", "openat", nil), []made{{0, 0, 1}}, "[0 0 1]"},
		{"all bits free", found(t, "amd64", "openat", nil, values(2, ^uint64(0), 0)), []made{{0, 0, 1}}, "[0 0 1]"},
		{"every value of the rest", found(t, "amd64", "openat", nil, values(2, ^uint64(1), 0, 1)), []made{{0, 0, 7}}, "[0 0 7]"},
		{"arm64", found(t, "arm64", "openat", nil, values(2, 0, 0)), []made{{0, 0, 0}, {0, 0, 1}}, "[0 0 0]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := allowed(t, test.usage, permit.Options{}, test.calls...); got != test.want {
				t.Errorf("allowed is %s, want %s", got, test.want)
			}
		})
	}
}

// TestConditions: which calls have any is for the user to choose, and a call that
// is named has none.
func TestConditions(t *testing.T) {
	open := found(t, "amd64", "openat", nil, values(2, 0, 0))
	poll := found(t, "amd64", "epoll_ctl", nil, values(1, 0, 1))
	for _, test := range []struct {
		name         string
		options      permit.Options
		openat, poll bool // whether other values pass
	}{
		{"by default", permit.Options{}, false, true},
		{"some", permit.Options{Conditions: permit.Some}, false, true},
		{"all", permit.Options{Conditions: permit.All}, false, false},
		{"none", permit.Options{Conditions: permit.None}, true, true},
		{"named", permit.Options{Conditions: permit.All, Allow: []string{"openat", "epoll_ctl"}}, true, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := allowed(t, open, test.options, made{0, 0, 1}) != ""; got != test.openat {
				t.Errorf("openat for writing passes: %t", got)
			}
			if got := allowed(t, poll, test.options, made{0, 3}) != ""; got != test.poll {
				t.Errorf("epoll_ctl with another operation passes: %t", got)
			}
		})
	}
}

// TestForeign: a call by the entry of another architecture opens nothing on the
// program's own.
func TestForeign(t *testing.T) {
	u := found(t, "amd64", "reboot", nil)
	u.Syscalls[0].Arch = "386"
	p, err := permit.Policy(u, permit.Options{Default: filter.Trap})
	if err != nil || len(p.Rules) > 0 {
		t.Errorf("policy %v, %v", p, err)
	}
}

// TestDocumented: the document names the calls that get no condition by default.
func TestDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/usage.md")
	if err != nil {
		t.Fatal(err)
	}
	_, list, begins := strings.Cut(string(text), "have therefore none, though their values are known:")
	list, _, ends := strings.Cut(list, "`--arguments all`")
	if !begins || !ends {
		t.Fatal("the document has no list of them")
	}
	table, err := syscalls.For("amd64")
	if err != nil {
		t.Fatal(err)
	}
	for c := range table.All() {
		telling := c.Telling()
		if len(telling) == 0 {
			continue
		}
		p, err := permit.Policy(found(t, "amd64", c.Name, nil, values(telling[0], 0, 1)), permit.Options{Default: filter.Trap})
		if err != nil {
			t.Fatal(err)
		}
		if none := len(p.Rules[0].Conds) == 0; none != strings.Contains(list, "`"+c.Name+"`") {
			t.Errorf("%s has no condition: %t, and the document says otherwise", c.Name, none)
		}
	}
}
