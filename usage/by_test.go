package usage

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestBy(t *testing.T) {
	u := traced()
	for _, tt := range []struct {
		table *ByTable
		want  string
	}{
		{u.ByPackage(), `./m: the system calls by the package that brings them in (go1.26.0, linux/amd64, phase exec)

PACKAGE              CALLS  ONLY  SYSTEM CALLS (* no other package brings it in)
example.org/lib      2      1     execve* write
example.org/lib/sub  1      0     write
main                 1      0     write
std                  1      1     restart_syscall*
`},
		{u.ByModule(), `./m: the system calls by the module that brings them in (go1.26.0, linux/amd64, phase exec)

MODULE                  CALLS  ONLY  SYSTEM CALLS (* no other module brings it in)
example.com/m           1      0     write
example.org/lib@v1.2.3  2      1     execve* write
std                     1      1     restart_syscall*
`},
	} {
		var got strings.Builder
		if err := tt.table.Write(&got); err != nil {
			t.Fatal(err)
		}
		if got.String() != tt.want {
			t.Errorf("by %s:\n%s\nwant\n%s", tt.table.By, &got, tt.want)
		}
	}
}

// What a program's modules are is not in every binary; unresolved places belong
// to every table.
func TestByUnknown(t *testing.T) {
	u := &Usage{
		Syscalls:   []Syscall{{Name: "read", By: []Source{{Package: "main"}}}},
		Unresolved: []Unresolved{{Frame: Frame{Function: "f"}, Reason: "why"}},
	}
	var got strings.Builder
	if err := u.ByModule().Write(&got); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(got.String(), "(unknown)  1      1     read*\n") || !strings.Contains(got.String(), "incomplete:\n  f: why\n") {
		t.Errorf("got\n%s", &got)
	}
}

// The form in which the command prints the table is relied upon by others.
func TestByJSON(t *testing.T) {
	u := traced()
	u.Syscalls = u.Syscalls[:2]
	got, err := json.Marshal(u.ByModule())
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"binary":"./m","goVersion":"go1.26.0","arch":"amd64","phase":"exec","by":"module","rows":[` +
		`{"module":"example.org/lib","version":"v1.2.3","calls":["execve"],"only":["execve"]},` +
		`{"module":"std","calls":["restart_syscall"],"only":["restart_syscall"]}],"unresolved":[]}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestByFails(t *testing.T) {
	for _, table := range []*ByTable{traced().ByModule(), sample().ByPackage()} {
		var whole strings.Builder
		if err := table.Write(&whole); err != nil {
			t.Fatal(err)
		}
		for n := range whole.Len() {
			room := full(n)
			if err := table.Write(&room); err == nil {
				t.Errorf("with room for %d of %d bytes: no error", n, whole.Len())
			}
		}
	}
}
