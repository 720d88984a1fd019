package usage

import (
	"strings"
	"testing"
)

// TestTableHasLockDown: phase locked says where it begins.
func TestTableHasLockDown(t *testing.T) {
	for since, want := range map[Phase]string{
		Locked: "\nIt is locked down in main.main main/main.go:7.\n",
		Main:   "\nIt is locked down in main.main main/main.go:7.\nWhat waits there cannot be told, so the list counts from phase main on.\n",
	} {
		u := &Usage{Binary: "x", Arch: "amd64", Phase: Locked, LockDown: &LockDown{
			Places: []Frame{{Function: "main.main", File: "/src/main.go", Line: 7, Package: "main"}}, Since: since,
		}}
		var b strings.Builder
		if err := u.WriteTable(&b); err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(b.String(), want) {
			t.Errorf("since %s: got:\n%s\nwant at its end:\n%s", since, &b, want)
		}
	}
}
