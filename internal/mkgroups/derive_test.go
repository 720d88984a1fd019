package main

import (
	"bytes"
	"context"
	"go/format"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/gocurb/curb"
	"github.com/gocurb/curb/syscalls"
)

var derived = sync.OnceValues(func() ([]*group, error) { return derive(context.Background(), "testdata") })

// TestGroups: the groups are what the programs need that this very Go release
// builds. With -v it says why each call is in.
func TestGroups(t *testing.T) {
	groups, err := derived()
	if err != nil {
		t.Fatal(err)
	}
	source, err := format.Source(goSource(groups))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][]byte{"../../zgroups.go": source, "../../docs/groups.md": document(groups)} {
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not current (%v): run make generate", path, err)
		}
	}
	for _, g := range groups {
		for _, c := range sorted(g.calls) {
			t.Logf("%-18s %-18s %s %s", g.name, c.name, c.condition(), c.reason())
		}
		for _, c := range sorted(g.left) {
			t.Logf("%-18s %-18s left out: %s, by %s", g.name, c.name, c.why, functions(c.places))
		}
	}
}

// TestOrder: the groups of package curb are those that are derived.
func TestOrder(t *testing.T) {
	var all []string
	for _, g := range curb.Groups() {
		all = append(all, g.String())
	}
	if got, want := strings.Join(all, " "), strings.Join(names, " "); got != want {
		t.Errorf("package curb has the groups %s, derived are %s", got, want)
	}
}

// TestEveryArchitecture: each group makes a policy everywhere, and each of its
// names exists where it is said to.
func TestEveryArchitecture(t *testing.T) {
	for _, table := range syscalls.Tables() {
		for _, g := range curb.Groups() {
			if _, err := curb.AllowGroups(g).Compile(table); err != nil {
				t.Errorf("%s for %s: %v", g, table.Arch, err)
			}
		}
		if _, err := curb.AllowGroups(curb.Groups()...).Compile(table); err != nil {
			t.Errorf("all groups for %s: %v", table.Arch, err)
		}
	}
	groups, err := derived()
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range groups {
		always, lines := g.statements()
		for _, l := range append(lines, line{calls: always}) {
			for _, name := range l.calls {
				exists := len(syscalls.Architectures(name)) > 0
				for arch := range strings.FieldsSeq(l.archs) {
					exists = exists && known(t, arch, name)
				}
				if !exists {
					t.Errorf("%s: %s does not exist on one of the architectures %q", g.name, name, l.archs)
				}
			}
		}
	}
}

func known(t *testing.T, arch, name string) bool {
	table, err := syscalls.For(arch)
	if err != nil {
		t.Fatal(err)
	}
	_, there := table.ByName(name)
	return there
}
